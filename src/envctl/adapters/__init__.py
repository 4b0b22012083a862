"""The world: Terraform, HCL, stores, AWS, git, the clock, the sandbox."""
