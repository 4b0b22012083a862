"""Pods and their parts."""
