"""Kubernetes clusters over plain HTTP: connection, discovery, server-side apply. No client library of Kubernetes."""
