"""Several Terraforms at once: how many, what they take, and how all are stopped."""
