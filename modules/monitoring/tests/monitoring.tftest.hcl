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

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:ap-northeast-1:111111111111:shop-dev-alarms" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-northeast-1:111111111111:key/mock" }
  }
}

variables {
  project     = "shop"
  environment = "dev"

  cluster_name            = "shop-dev"
  service_name            = "web"
  alb_arn_suffix          = "app/shop-dev/50dc6c495c0c9188"
  target_group_arn_suffix = "targetgroup/shop-dev-web/943f017f100becff"
  autoscaling_group_name  = "shop-dev-web"
  database_identifier     = "shop-dev"
  service_log_group_name  = "/shop/dev/web"
}

run "every_source_brings_its_alarms" {
  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset([
      "log-errors", "service-5xx", "balancer-5xx", "latency", "unhealthy-targets", "no-healthy-target", "service-cpu", "service-memory",
      "instances-cpu", "database-cpu", "database-connections", "database-storage",
    ])
    error_message = "Errors, latency, processor, targets and database are watched."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([output.topic_arn]) && alarm.ok_actions == toset([output.topic_arn])])
    error_message = "Every alarm tells when it begins and when it ends."
  }

  assert {
    condition     = alltrue([for name, alarm in aws_cloudwatch_metric_alarm.this : strcontains(aws_cloudwatch_composite_alarm.this[0].alarm_rule, "ALARM(\"shop-dev-${name}\")")])
    error_message = "The composite alarm names every alarm."
  }

  assert {
    condition     = length(split(" OR ", aws_cloudwatch_composite_alarm.this[0].alarm_rule)) == length(output.alarm_names)
    error_message = "One alarm is enough, and no other is asked."
  }

  assert {
    condition     = output.composite_alarm_name == "shop-dev-something-is-wrong" && output.dashboard_name == "shop-dev"
    error_message = "Outputs name what others ask."
  }
}

run "latency_is_that_of_one_request_in_twenty" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["latency"].extended_statistic == "p95" && aws_cloudwatch_metric_alarm.this["latency"].statistic == null
    error_message = "An average hides the slow ones."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["latency"].evaluate_low_sample_count_percentiles == "ignore"
    error_message = "A single slow request at night is no alarm."
  }
}

run "silence_means_for_each_alarm_what_it_is" {
  command = plan

  assert {
    condition     = toset([for name, alarm in aws_cloudwatch_metric_alarm.this : name if alarm.treat_missing_data == "breaching"]) == toset(["no-healthy-target", "database-storage"])
    error_message = "An empty target group and a silent database are alarms."
  }

  assert {
    condition     = toset([for name, alarm in aws_cloudwatch_metric_alarm.this : name if alarm.treat_missing_data == "notBreaching"]) == toset(["log-errors", "service-5xx", "balancer-5xx", "latency", "unhealthy-targets"])
    error_message = "No errors and no requests are none."
  }
}

run "what_sleeps_may_be_silent" {
  command = plan

  variables {
    sleep = { down = "0 11 ? * MON-FRI *", up = "0 23 ? * SUN-THU *" }
  }

  assert {
    condition     = !contains([for alarm in aws_cloudwatch_metric_alarm.this : alarm.treat_missing_data], "breaching")
    error_message = "Nobody is woken because dev sleeps."
  }
}

run "both_colours_are_watched" {
  variables {
    target_group_arn_suffix   = null
    target_group_arn_suffixes = { blue = "targetgroup/blue-1/943f017f100becff", green = "targetgroup/green-1/50dc6c495c0c9188" }
  }

  assert {
    condition = toset([for name in keys(aws_cloudwatch_metric_alarm.this) : name if strcontains(name, "target") || strcontains(name, "-green") || strcontains(name, "-blue")]) == toset([
      "no-healthy-target", "unhealthy-targets-blue", "unhealthy-targets-green", "service-5xx-blue", "service-5xx-green", "latency-blue", "latency-green",
    ])
    error_message = "Each colour has alarms of its own."
  }

  assert {
    condition = alltrue([for name in ["unhealthy-targets", "service-5xx", "latency"] :
      aws_cloudwatch_metric_alarm.this["${name}-green"].dimensions == tomap({ LoadBalancer = "app/shop-dev/50dc6c495c0c9188", TargetGroup = "targetgroup/green-1/50dc6c495c0c9188" })
      && aws_cloudwatch_metric_alarm.this["${name}-green"].treat_missing_data == "notBreaching"
    ])
    error_message = "Of its own target group, and silent while it rests."
  }

  assert {
    condition     = toset([for name, alarm in aws_cloudwatch_metric_alarm.this : name if length(alarm.alarm_actions) == 0]) == toset(["service-5xx-blue", "service-5xx-green", "latency-blue", "latency-green"])
    error_message = "People hear of errors and slow answers once: from the load balancer."
  }

  assert {
    condition     = alltrue([for name in output.alarm_names : strcontains(aws_cloudwatch_composite_alarm.this[0].alarm_rule, "ALARM(\"${name}\")")])
    error_message = "The composite alarm, which rollouts ask, names them all."
  }

  assert {
    condition     = length([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget if widget.properties.title == "Targets" && length(try(widget.properties.metrics, [])) == 4]) == 1
    error_message = "The dashboard shows both colours."
  }
}

run "nobody_answers_only_where_no_colour_does" {
  command = plan

  variables {
    target_group_arn_suffix   = null
    target_group_arn_suffixes = { blue = "targetgroup/blue-1/943f017f100becff", green = "targetgroup/green-1/50dc6c495c0c9188" }
  }

  assert {
    condition     = [for query in aws_cloudwatch_metric_alarm.this["no-healthy-target"].metric_query : query.expression if query.return_data == true] == ["SUM([blue, green])"]
    error_message = "Both are counted: the colour that rests has no targets."
  }

  assert {
    condition     = toset([for query in aws_cloudwatch_metric_alarm.this["no-healthy-target"].metric_query : one(query.metric).dimensions.TargetGroup if length(query.metric) > 0]) == toset(["targetgroup/blue-1/943f017f100becff", "targetgroup/green-1/50dc6c495c0c9188"])
    error_message = "Each in its own target group."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["no-healthy-target"].metric_name == null && aws_cloudwatch_metric_alarm.this["no-healthy-target"].treat_missing_data == "breaching"
    error_message = "Where both are silent, that is an alarm."
  }
}

run "a_worker_has_no_target_groups" {
  command = plan

  variables {
    target_group_arn_suffix   = null
    target_group_arn_suffixes = {}
  }

  assert {
    condition     = !anytrue([for name in keys(aws_cloudwatch_metric_alarm.this) : strcontains(name, "target")])
    error_message = "No alarm about what is not there."
  }
}

run "thresholds_are_settings" {
  command = plan

  variables {
    alarm_log_errors               = 1
    alarm_http_errors              = 2
    alarm_latency_seconds          = 0.5
    alarm_cpu_percent              = 60
    alarm_memory_percent           = 70
    alarm_database_connections     = 40
    alarm_database_free_storage_gb = 20
    alarm_log_pattern              = "ERROR"
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.threshold } == {
      log-errors           = 1
      service-5xx          = 2
      balancer-5xx         = 2
      latency              = 0.5
      unhealthy-targets    = 0
      no-healthy-target    = 1
      service-cpu          = 60
      service-memory       = 70
      instances-cpu        = 60
      database-cpu         = 60
      database-connections = 40
      database-storage     = 21474836480
    }
    error_message = "Each threshold is the one that was set."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.errors[0].pattern == "ERROR"
    error_message = "The pattern is the one that was set."
  }
}

run "errors_are_counted_in_the_log_of_the_service" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_metric_filter.errors[0].log_group_name == "/shop/dev/web"
    error_message = "The filter reads the log group of the service."
  }

  assert {
    condition     = one(aws_cloudwatch_log_metric_filter.errors[0].metric_transformation).namespace == aws_cloudwatch_metric_alarm.this["log-errors"].namespace && one(aws_cloudwatch_log_metric_filter.errors[0].metric_transformation).name == aws_cloudwatch_metric_alarm.this["log-errors"].metric_name
    error_message = "The alarm watches what the filter counts."
  }
}

run "nothing_to_watch_leaves_the_topic" {
  variables {
    cluster_name            = null
    service_name            = null
    alb_arn_suffix          = null
    target_group_arn_suffix = null
    autoscaling_group_name  = null
    database_identifier     = null
    service_log_group_name  = null
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0 && output.composite_alarm_name == null && output.composite_alarm_arn == null && output.dashboard_name == null
    error_message = "No alarm about what is not there."
  }

  assert {
    condition     = output.topic_arn != null && length(aws_cloudwatch_log_metric_filter.errors) == 0
    error_message = "Budgets and backups have somewhere to send to."
  }
}

run "the_dashboard_shows_what_is_there" {
  variables {
    alb_arn_suffix          = null
    target_group_arn_suffix = null
    autoscaling_group_name  = null
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.title] == ["Alarms", "Errors in the log", "Service (%)", "Database: CPU (%) and connections", "Database: free storage (bytes)"]
    error_message = "No empty graphs."
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : [widget.x, widget.y]] == [[0, 0], [0, 3], [12, 3], [0, 9], [12, 9]]
    error_message = "Two graphs a row, below the alarms."
  }
}

run "the_topic_is_encrypted_with_a_key_that_cloudwatch_may_use" {
  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == aws_kms_key.topic.arn && aws_kms_key.topic.enable_key_rotation
    error_message = "A rotating key of its own."
  }

  assert {
    condition     = contains(one(data.aws_iam_policy_document.key.statement[1].principals).identifiers, "cloudwatch.amazonaws.com") && data.aws_iam_policy_document.key.statement[1].actions == toset(["kms:Decrypt", "kms:GenerateDataKey*"])
    error_message = "Without that, alarms are lost in silence."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.key.statement[1].condition).values == tolist(["arn:aws:sns:*:111111111111:shop-dev-alarms"])
    error_message = "For this topic only."
  }
}

run "only_services_of_this_account_publish" {
  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.topic.statement :
      contains([for condition in statement.condition : one(condition.values) if condition.variable == "aws:SourceAccount"], "111111111111")
      if one(statement.principals).identifiers != toset(["events.amazonaws.com"])
    ])
    error_message = "Each statement names this account, but that of EventBridge, which can't."
  }

  assert {
    condition     = toset([for statement in data.aws_iam_policy_document.topic.statement : one(statement.actions)]) == toset(["sns:Publish"])
    error_message = "They publish, and do nothing else."
  }
}

run "addresses_are_told" {
  command = plan

  variables {
    alarm_emails = ["ops@example.com"]
  }

  assert {
    condition     = aws_sns_topic_subscription.email["ops@example.com"].protocol == "email"
    error_message = "By mail."
  }
}

run "logs_of_others_end" {
  command = plan

  variables {
    extra_log_groups   = ["/aws/lambda/shop-dev-worker"]
    log_retention_days = 90
  }

  assert {
    condition     = aws_cloudwatch_log_group.extra["/aws/lambda/shop-dev-worker"].retention_in_days == 90
    error_message = "For as long as all logs of the environment."
  }
}

run "names_that_aws_would_not_take_are_refused" {
  command = plan

  variables {
    project          = "Shop"
    environment      = "1st"
    extra_log_groups = ["a b"]
  }

  expect_failures = [var.project, var.environment, var.extra_log_groups]
}

run "a_service_without_its_cluster_is_refused" {
  command = plan

  variables {
    cluster_name = null
  }

  expect_failures = [var.service_name]
}

run "a_target_group_without_its_load_balancer_is_refused" {
  command = plan

  variables {
    alb_arn_suffix = null
  }

  expect_failures = [var.target_group_arn_suffix]
}

run "an_arn_of_a_load_balancer_is_refused" {
  command = plan

  variables {
    alb_arn_suffix          = "arn:aws:elasticloadbalancing:ap-northeast-1:111111111111:loadbalancer/app/shop-dev/50dc6c495c0c9188"
    target_group_arn_suffix = null
  }

  expect_failures = [var.alb_arn_suffix]
}

run "an_arn_of_a_target_group_is_refused" {
  command = plan

  variables {
    target_group_arn_suffix = "arn:aws:elasticloadbalancing:ap-northeast-1:111111111111:targetgroup/shop-dev-web/943f017f100becff"
  }

  expect_failures = [var.target_group_arn_suffix]
}

run "both_ways_to_name_target_groups_are_refused" {
  command = plan

  variables {
    target_group_arn_suffixes = { blue = "targetgroup/blue-1/943f017f100becff" }
  }

  expect_failures = [var.target_group_arn_suffixes]
}

run "colours_without_their_load_balancer_are_refused" {
  command = plan

  variables {
    alb_arn_suffix            = null
    target_group_arn_suffix   = null
    target_group_arn_suffixes = { blue = "targetgroup/blue-1/943f017f100becff" }
  }

  expect_failures = [var.target_group_arn_suffixes]
}

run "arns_of_target_groups_are_refused" {
  command = plan

  variables {
    target_group_arn_suffix   = null
    target_group_arn_suffixes = { blue = "arn:aws:elasticloadbalancing:ap-northeast-1:111111111111:targetgroup/shop-dev-web/943f017f100becff" }
  }

  expect_failures = [var.target_group_arn_suffixes]
}

run "colours_that_no_metric_can_be_named_by_are_refused" {
  command = plan

  variables {
    target_group_arn_suffix   = null
    target_group_arn_suffixes = { Blue-1 = "targetgroup/blue-1/943f017f100becff" }
  }

  expect_failures = [var.target_group_arn_suffixes]
}

run "an_address_without_a_domain_is_refused" {
  command = plan

  variables {
    alarm_emails = ["ops"]
  }

  expect_failures = [var.alarm_emails]
}

run "thresholds_that_always_or_never_alarm_are_refused" {
  command = plan

  variables {
    alarm_log_errors               = 0
    alarm_http_errors              = 0
    alarm_latency_seconds          = 0
    alarm_cpu_percent              = 100
    alarm_memory_percent           = 100
    alarm_database_connections     = 0
    alarm_database_free_storage_gb = 0
  }

  expect_failures = [
    var.alarm_log_errors, var.alarm_http_errors, var.alarm_latency_seconds, var.alarm_cpu_percent, var.alarm_memory_percent,
    var.alarm_database_connections, var.alarm_database_free_storage_gb,
  ]
}

run "a_sleep_of_five_fields_is_refused" {
  command = plan

  variables {
    sleep = { down = "0 11 * * MON-FRI", up = "0 23 ? * SUN-THU *" }
  }

  expect_failures = [var.sleep]
}

run "a_retention_that_cloudwatch_lacks_is_refused" {
  command = plan

  variables {
    log_retention_days = 42
  }

  expect_failures = [var.log_retention_days]
}
