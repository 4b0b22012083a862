output "arn" {
  description = "ARN of the database; a replica in another region names it."
  value       = aws_db_instance.this.arn
}

output "identifier" {
  description = "Identifier of the database, for metrics and alarms."
  value       = aws_db_instance.this.identifier
}

output "endpoint" {
  description = "Host name of the database."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the database."
  value       = aws_db_instance.this.port
}

output "database_name" {
  description = "Name of the database to connect to."
  value       = local.database_name
}

output "secret_arn" {
  description = "ARN of the secret with engine, host, port, username, password and dbname, as JSON."
  value       = aws_secretsmanager_secret.this.arn

  # Whoever is told of the secret may count on its value.
  depends_on = [aws_secretsmanager_secret_version.this]
}

output "client_security_group_id" {
  description = "Id of the security group that lets its members connect to the database."
  value       = aws_security_group.client.id
}

output "security_group_id" {
  description = "Id of the security group of the database itself."
  value       = aws_security_group.this.id
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts the database and its secret: readers of the secret need kms:Decrypt on it."
  value       = aws_kms_key.this.arn
}

output "log_group_names" {
  description = "Log groups of the database, by the name of the log."
  value       = { for log, group in aws_cloudwatch_log_group.this : log => group.name }
}
