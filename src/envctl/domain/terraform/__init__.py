"""Rules of the Terraform language: types, literals, variables, versions and the lock file."""
