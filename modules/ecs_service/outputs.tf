output "cluster_name" {
  description = "Name of the cluster."
  value       = local.full_name

  depends_on = [aws_cloudformation_stack.cluster]
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = local.cluster_arn

  depends_on = [aws_cloudformation_stack.cluster]
}

output "service_name" {
  description = "Name of the service of the color that runs image."
  value       = aws_ecs_service.this[var.color].name

  # Whoever looks at the service may count on its requests.
  depends_on = [aws_lb_listener_rule.this]
}

output "service_names" {
  description = "Names of the running services, by color."
  value       = { for color, service in aws_ecs_service.this : color => service.name }
}

output "target_group_arn_suffix" {
  description = "ARN suffix for CloudWatch of the target group of the color that runs image. Null for a worker."
  value       = var.worker ? null : aws_lb_target_group.this[var.color].arn_suffix
}

output "target_group_arn_suffixes" {
  description = "ARN suffixes of the target groups for CloudWatch, by color."
  value       = { for color, group in aws_lb_target_group.this : color => group.arn_suffix }
}

output "target_group_arns" {
  description = "ARNs of the target groups, by color."
  value       = { for color, group in aws_lb_target_group.this : color => group.arn }
}

output "listener_rule_arn" {
  description = "ARN of the rule that divides the requests between the colors. Null for a worker."
  value       = one(aws_lb_listener_rule.this[*].arn)
}

output "log_group_name" {
  description = "Log group of the service."
  value       = aws_cloudwatch_log_group.this.name
}

output "task_role_arn" {
  description = "ARN of the role of the application."
  value       = aws_iam_role.task.arn
}

output "task_role_name" {
  description = "Name of the role of the application: attach policies here for its permissions."
  value       = aws_iam_role.task.name
}

output "execution_role_arn" {
  description = "ARN of the role that ECS uses to start tasks."
  value       = aws_iam_role.execution.arn
}

output "security_group_id" {
  description = "Id of the security group of the tasks; use it in the rules of the targets that they connect to."
  value       = aws_security_group.this.id
}

output "image" {
  description = "Container image that the service runs."
  value       = var.image
}

output "color" {
  description = "Color that runs image."
  value       = var.color
}
