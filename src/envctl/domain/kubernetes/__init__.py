"""Kubernetes objects as a kind of stack: identity, differences, order, readiness. Pure."""
