"""A Kubernetes API server in this process, with small controllers."""
