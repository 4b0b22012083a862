mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { id = "ap-northeast-1" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  override_resource {
    target = aws_iam_role.automation
    values = { arn = "arn:aws:iam::111111111111:role/shop-dev-database-automation" }
  }

  override_resource {
    target = aws_iam_role.schedule
    values = { arn = "arn:aws:iam::111111111111:role/shop-dev-database-schedule" }
  }
}

variables {
  project            = "shop"
  environment        = "dev"
  monthly_budget_usd = 100

  autoscaling_group_name = "shop-dev-web"
  min_size               = 0
  desired_size           = 2
  database_identifier    = "shop-dev"
  sleep                  = { down = "0 11 ? * MON-FRI *", up = "30 23 ? * SUN-THU *" }
}

run "instances_go_at_night_and_come_back" {
  command = plan

  assert {
    condition     = aws_autoscaling_schedule.this["down"].desired_capacity == 0 && aws_autoscaling_schedule.this["up"].desired_capacity == 2
    error_message = "None at night, the usual number by day."
  }

  assert {
    condition     = aws_autoscaling_schedule.this["down"].recurrence == "0 11 * * MON-FRI" && aws_autoscaling_schedule.this["up"].recurrence == "30 23 * * SUN-THU"
    error_message = "Auto Scaling reads five fields."
  }

  assert {
    condition     = alltrue([for schedule in aws_autoscaling_schedule.this : schedule.min_size == -1 && schedule.max_size == -1])
    error_message = "The bounds stay."
  }
}

run "the_database_stops_at_night_and_starts_again" {
  assert {
    condition     = { for way, rule in aws_cloudwatch_event_rule.database : way => rule.schedule_expression } == { down = "cron(0 11 ? * MON-FRI *)", up = "cron(30 23 ? * SUN-THU *)" }
    error_message = "At the times that were set."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_event_target.database["down"].arn, "/AWS-StopRdsInstance:") && strcontains(aws_cloudwatch_event_target.database["up"].arn, "/AWS-StartRdsInstance:")
    error_message = "Down stops, up starts."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_target.database["down"].input) == { AutomationAssumeRole = [aws_iam_role.automation[0].arn], InstanceId = ["shop-dev"] }
    error_message = "This database, with this role."
  }
}

run "the_automation_touches_one_database" {
  assert {
    condition     = one(data.aws_iam_policy_document.automation[0].statement).resources == toset(["arn:aws:rds:ap-northeast-1:111111111111:db:shop-dev"])
    error_message = "And no other."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.automation[0].statement).actions == toset(["rds:DescribeDBInstances", "rds:StartDBInstance", "rds:StopDBInstance"])
    error_message = "It stops and starts, and deletes nothing."
  }

  assert {
    condition     = data.aws_iam_policy_document.schedule[0].statement[1].resources == toset([aws_iam_role.automation[0].arn]) && one(data.aws_iam_policy_document.schedule[0].statement[1].condition).variable == "iam:PassedToService"
    error_message = "The rule hands on that one role, to that one service."
  }

  assert {
    condition     = alltrue([for document in data.aws_iam_policy_document.assume : one(one(document.statement).condition).values == tolist(["111111111111"])])
    error_message = "No service uses the roles for another account."
  }
}

run "without_sleep_everything_stays_up" {
  variables {
    sleep = null
  }

  assert {
    condition     = length(aws_autoscaling_schedule.this) == 0 && length(aws_cloudwatch_event_rule.database) == 0 && length(aws_iam_role.automation) == 0 && length(aws_iam_role.schedule) == 0
    error_message = "No schedule, and no role that could stop anything."
  }

  assert {
    condition     = output.budget_name == "shop-dev-month" && output.group_schedule_names == [] && output.database_schedule_names == []
    error_message = "The budget is there all the same."
  }
}

run "what_is_not_there_does_not_sleep" {
  variables {
    autoscaling_group_name = null
    database_identifier    = null
    min_size               = 1
  }

  assert {
    condition     = length(aws_autoscaling_schedule.this) == 0 && length(aws_cloudwatch_event_rule.database) == 0
    error_message = "A service on ECS sees to itself."
  }
}

run "the_budget_warns_in_time" {
  command = plan

  variables {
    alarm_emails = ["ops@example.com"]
    topic_arn    = "arn:aws:sns:ap-northeast-1:111111111111:shop-dev-alarms"
  }

  assert {
    condition     = aws_budgets_budget.month.limit_amount == "100" && aws_budgets_budget.month.time_unit == "MONTHLY"
    error_message = "A month has the limit given."
  }

  assert {
    condition     = toset([for warning in aws_budgets_budget.month.notification : "${warning.notification_type} ${warning.threshold}"]) == toset(["ACTUAL 80", "ACTUAL 100", "FORECASTED 100"])
    error_message = "Before it is used up, when it is, and when it will be."
  }

  assert {
    condition     = alltrue([for warning in aws_budgets_budget.month.notification : warning.subscriber_email_addresses == toset(["ops@example.com"]) && warning.subscriber_sns_topic_arns == toset([var.topic_arn])])
    error_message = "Addresses and topic are told."
  }
}

run "a_budget_that_tells_nobody_has_no_notifications" {
  command = plan

  assert {
    condition     = length(aws_budgets_budget.month.notification) == 0
    error_message = "AWS would refuse them."
  }
}

run "instances_that_may_not_go_to_zero_are_refused" {
  command = plan

  variables {
    min_size = 1
  }

  expect_failures = [aws_autoscaling_schedule.this]
}

run "more_addresses_than_a_budget_takes_are_refused" {
  command = plan

  variables {
    alarm_emails = [for number in range(11) : "ops${number}@example.com"]
  }

  expect_failures = [aws_budgets_budget.month]
}

run "values_that_mean_nothing_are_refused" {
  command = plan

  variables {
    project             = "Shop"
    environment         = "1st"
    monthly_budget_usd  = 0
    alarm_emails        = ["ops"]
    min_size            = -1
    desired_size        = -1
    database_identifier = "arn:aws:rds:ap-northeast-1:111111111111:db:shop-dev"
  }

  expect_failures = [
    var.project, var.environment, var.monthly_budget_usd, var.alarm_emails, var.min_size, var.desired_size, var.database_identifier,
  ]
}

run "a_sleep_of_five_fields_is_refused" {
  command = plan

  variables {
    sleep = { down = "0 11 ? * MON-FRI *", up = "0 23 * * SUN-THU" }
  }

  expect_failures = [var.sleep]
}
