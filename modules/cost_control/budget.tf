locals {
  # The forecast tells in the first days of a month that goes wrong, the other two tell what is spent.
  notifications = [
    { type = "ACTUAL", percent = 80 },
    { type = "ACTUAL", percent = 100 },
    { type = "FORECASTED", percent = 100 },
  ]

  topics = var.topic_arn == null ? [] : [var.topic_arn]
  # AWS takes no notification that nobody gets.
  somebody_is_told = length(var.alarm_emails) + length(local.topics) > 0
}

# Without a filter: an environment has an account of its own, and what it costs is what the account costs.
resource "aws_budgets_budget" "month" {
  name         = "${local.name}-month"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
  # Any first of a month that has passed will do; provider 3.39 wants one.
  time_period_start = "2024-01-01_00:00"

  dynamic "notification" {
    for_each = local.somebody_is_told ? local.notifications : []

    content {
      notification_type          = notification.value.type
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value.percent
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = var.alarm_emails
      subscriber_sns_topic_arns  = local.topics
    }
  }

  lifecycle {
    precondition {
      condition     = length(var.alarm_emails) <= 10
      error_message = "alarm_emails must hold at most 10 addresses: a notification of a budget takes no more."
    }
  }
}
