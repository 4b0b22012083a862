locals {
  name = "${var.project}-${var.environment}"
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${local.name}-${each.key}"
  alarm_description = each.value.description

  namespace           = each.value.over == null ? each.value.namespace : null
  metric_name         = each.value.over == null ? each.value.metric : null
  dimensions          = each.value.over == null ? each.value.dimensions : null
  statistic           = each.value.over != null || startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = each.value.operator
  threshold           = each.value.threshold
  period              = each.value.over == null ? each.value.period : null
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.datapoints
  treat_missing_data  = each.value.missing
  # One slow request at night is not a slow service.
  evaluate_low_sample_count_percentiles = startswith(each.value.statistic, "p") ? "ignore" : null

  # SUM skips what reports nothing: the colour that rests has no targets.
  dynamic "metric_query" {
    for_each = each.value.over == null ? {} : { sum = "SUM([${join(", ", keys(each.value.over))}])" }

    content {
      id          = metric_query.key
      expression  = metric_query.value
      label       = each.value.metric
      return_data = true
    }
  }

  dynamic "metric_query" {
    for_each = each.value.over == null ? {} : each.value.over

    content {
      id = metric_query.key

      metric {
        namespace   = each.value.namespace
        metric_name = each.value.metric
        dimensions  = metric_query.value
        stat        = each.value.statistic
        period      = each.value.period
      }
    }
  }

  alarm_actions = each.value.tells ? [aws_sns_topic.this.arn] : []
  ok_actions    = each.value.tells ? [aws_sns_topic.this.arn] : []

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
