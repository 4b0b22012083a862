"""The Terraform adapter: one process a run, its arguments built by python-terraform, its `-json` output streamed."""
