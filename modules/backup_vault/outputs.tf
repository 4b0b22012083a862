output "vault_arn" {
  description = "ARN of the vault."
  value       = aws_backup_vault_policy.this.backup_vault_arn
}

output "vault_name" {
  description = "Name of the vault."
  value       = aws_backup_vault_policy.this.backup_vault_name
}

output "key_arn" {
  description = "ARN of the key that encrypts its backups."
  value       = aws_kms_key.this.arn
}
