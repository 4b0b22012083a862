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
# CloudWatch encrypts every group by itself. A key of one's own costs money each month, and has to let in every service that writes.
#trivy:ignore:AWS-0017
resource "aws_cloudwatch_log_group" "extra" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every group by itself, see above
  #checkov:skip=CKV_AWS_338:log_retention_days says how long, a year in prod

  for_each = var.extra_log_groups

  name              = each.value
  retention_in_days = var.log_retention_days

  tags = { Name = each.value }
}
