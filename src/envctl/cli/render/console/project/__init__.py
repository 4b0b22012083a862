"""Projects, workflows, secrets and accounts as text."""
