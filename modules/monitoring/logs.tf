locals {
  # In a namespace of its own environment, so that two in one account do not add up.
  log_namespace = "${var.project}/${var.environment}"
  log_metric    = "LogErrors"
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  count = var.service_log_group_name == null ? 0 : 1

  name           = "${local.name}-errors"
  log_group_name = var.service_log_group_name
  pattern        = var.alarm_log_pattern

  metric_transformation {
    namespace     = local.log_namespace
    name          = local.log_metric
    value         = "1"
    default_value = "0"
  }
}

# Who creates these groups later finds them there, and their logs end instead of being kept, and paid for, for ever.
resource "aws_cloudwatch_log_group" "extra" {
  for_each = var.extra_log_groups

  name              = each.value
  retention_in_days = var.log_retention_days

  tags = { Name = each.value }
}
