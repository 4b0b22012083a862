"""Rendering of a stack: its code, kubectl and helm, and the objects they make."""
