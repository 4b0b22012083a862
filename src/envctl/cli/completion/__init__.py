"""Completes a command line in a shell."""
