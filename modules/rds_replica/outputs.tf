output "arn" {
  description = "ARN of the replica; null without one."
  value       = one(aws_db_instance.this[*].arn)
}

output "identifier" {
  description = "Identifier of the replica, for metrics and for its promotion; null without one."
  value       = one(aws_db_instance.this[*].identifier)
}

output "endpoint" {
  description = "Host name of the replica; null without one."
  value       = one(aws_db_instance.this[*].address)
}

output "port" {
  description = "Port of the replica; null without one."
  value       = one(aws_db_instance.this[*].port)
}

output "vpc_id" {
  description = "Id of the replica's own VPC; null without one."
  value       = one(aws_vpc.this[*].id)
}

output "client_security_group_id" {
  description = "Id of the security group that lets its members connect to the replica; null without one."
  value       = one(aws_security_group.client[*].id)
}

output "security_group_id" {
  description = "Id of the security group of the replica itself; null without one."
  value       = one(aws_security_group.this[*].id)
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts the replica; null without one."
  value       = one(aws_kms_key.this[*].arn)
}

output "log_group_names" {
  description = "Log groups of the replica, by the name of the log."
  value       = { for log, group in aws_cloudwatch_log_group.this : log => group.name }
}
