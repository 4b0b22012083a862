"""What `terraform show -json` says, as what it means."""
