output "topic_arn" {
  description = "ARN of the topic that alarms go to; budgets and EventBridge rules of this account may publish to it too."
  value       = aws_sns_topic.this.arn

  # Whoever sends here must be let in first.
  depends_on = [aws_sns_topic_policy.this]
}

output "alarm_names" {
  description = "Names of the alarms."
  value       = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name]
}

output "composite_alarm_name" {
  description = "Name of the alarm that is on while any other one is on; null without alarms."
  value       = one(aws_cloudwatch_composite_alarm.this[*].alarm_name)
}

output "composite_alarm_arn" {
  description = "ARN of that alarm; null without alarms."
  value       = one(aws_cloudwatch_composite_alarm.this[*].arn)
}

output "dashboard_name" {
  description = "Name of the dashboard; null without alarms."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_name)
}
