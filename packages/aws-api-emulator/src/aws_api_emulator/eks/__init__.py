"""EKS: what it adds to a cluster of Kubernetes. Its users, its objects and its load balancers."""
