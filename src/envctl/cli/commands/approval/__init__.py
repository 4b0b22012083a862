"""Commands about approvals and rules."""
