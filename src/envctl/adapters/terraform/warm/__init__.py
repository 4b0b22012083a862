"""Warm providers: provider processes that envctl starts once for a stack, and hands to each Terraform of that stack."""
