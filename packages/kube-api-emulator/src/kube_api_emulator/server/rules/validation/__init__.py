"""Validation of objects as kube-apiserver does it, in its words and its order."""
