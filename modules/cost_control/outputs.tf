output "budget_name" {
  description = "Name of the budget."
  value       = aws_budgets_budget.month.name
}

output "group_schedule_names" {
  description = "Names of the scheduled actions of the auto scaling group; empty if none sleeps."
  value       = [for schedule in aws_autoscaling_schedule.this : schedule.scheduled_action_name]
}

output "database_schedule_names" {
  description = "Names of the rules that stop and start the database; empty if none sleeps."
  value       = [for rule in aws_cloudwatch_event_rule.database : rule.name]
}
