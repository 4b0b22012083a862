"""The names of what lies in an environment's working directory: stacks beside the release's code."""

CODE = ".code"
"""The folder of the release's files, beside the folders of the stacks."""

MAIN = "main.tf.json"
"""The root module of a stack."""

LOCK_FILE = ".terraform.lock.hcl"
"""Terraform's dependency lock file, in a stack's folder as in a release and at the top of a project."""
SESSION = "envctl_session"
"""The root module's variable for the name of the session: its value stands in AWS's records of what was done."""
