"""Kubernetes objects before they meet a cluster: code, values, images and checks."""
