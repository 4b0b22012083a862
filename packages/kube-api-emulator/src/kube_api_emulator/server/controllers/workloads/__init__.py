"""Controllers of workloads, and of what scales and protects them."""
