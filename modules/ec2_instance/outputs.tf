output "security_group_id" {
  description = "Id of the security group of the instances; use it in the rules of the targets that they connect to."
  value       = aws_security_group.this.id
}

output "autoscaling_group_name" {
  description = "Name of the auto scaling group."
  value       = aws_autoscaling_group.this.name
}

output "launch_template_id" {
  description = "Id of the launch template."
  value       = aws_launch_template.this.id
}

output "role_arn" {
  description = "ARN of the role of the instances."
  value       = aws_iam_role.this.arn
}

output "log_group_name" {
  description = "Log group of the service."
  value       = aws_cloudwatch_log_group.this.name
}

output "ami_id" {
  description = "Machine image that new instances start from."
  value       = aws_launch_template.this.image_id
}

output "image" {
  description = "Container image that the service runs."
  value       = var.image
}
