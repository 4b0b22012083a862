"""The Kubernetes of the sandbox: an API server in this process, with small controllers."""
