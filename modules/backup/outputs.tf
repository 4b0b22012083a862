output "vault_arn" {
  description = "ARN of the vault."
  value       = module.vault.vault_arn
}

output "vault_name" {
  description = "Name of the vault."
  value       = module.vault.vault_name
}

output "plan_id" {
  description = "Id of the backup plan."
  value       = aws_backup_plan.this.id
}

output "role_arn" {
  description = "ARN of the role that AWS Backup uses; a restore needs it."
  value       = aws_iam_role.backup.arn

  depends_on = [aws_iam_role_policy_attachment.backup]
}
