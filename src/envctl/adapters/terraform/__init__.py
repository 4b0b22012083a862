"""Terraform, driven through python-terraform, each run as a process of its own whose `-json` output is streamed."""
