output "organization_id" {
  description = "Id of the organization."
  value       = aws_organizations_organization.this.id
}

output "root_id" {
  description = "Id of the root, the parent of the units."
  value       = aws_organizations_organization.this.roots[0].id
}

output "unit_ids" {
  description = "Ids of the organizational units, by name."
  value       = { for name, unit in aws_organizations_organizational_unit.this : name => unit.id }
}

output "account_ids" {
  description = "Ids of the member accounts, by name."
  value       = { for name, account in aws_organizations_account.this : name => account.id }
}

output "policy_ids" {
  description = "Ids of the service control policies: everywhere, dev and prod."
  value       = { for name, policy in aws_organizations_policy.this : name => policy.id }
}
