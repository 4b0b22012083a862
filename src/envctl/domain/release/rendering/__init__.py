"""What envctl writes for Terraform: root modules, and files beside the code of a root."""
