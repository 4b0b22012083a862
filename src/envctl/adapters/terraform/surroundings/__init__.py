"""What Terraform takes from its surroundings: environment variables, command line flags and files beside its code."""
