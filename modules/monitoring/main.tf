locals {
  name = "${var.project}-${var.environment}"
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${local.name}-${each.key}"
  alarm_description = each.value.description

  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = each.value.operator
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.datapoints
  treat_missing_data  = each.value.missing
  # One slow request at night is not a slow service.
  evaluate_low_sample_count_percentiles = startswith(each.value.statistic, "p") ? "ignore" : null

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]

  tags = { Name = "${local.name}-${each.key}" }

  lifecycle {
    # The composite alarm lets go of an alarm before that is deleted.
    create_before_destroy = true
  }

  depends_on = [aws_sns_topic_policy.this]
}

# One state for all of it, for deployments and people to ask. It sends nothing: each alarm has told its own story already.
resource "aws_cloudwatch_composite_alarm" "this" {
  count = length(local.alarms) > 0 ? 1 : 0

  alarm_name        = "${local.name}-something-is-wrong"
  alarm_description = "At least one alarm of ${local.name} is on."
  alarm_rule        = join(" OR ", [for alarm in aws_cloudwatch_metric_alarm.this : "ALARM(\"${alarm.alarm_name}\")"])

  tags = { Name = "${local.name}-something-is-wrong" }
}
