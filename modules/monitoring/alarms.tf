locals {
  # What sleeps at night reports nothing then, and nobody is to be woken by that.
  silence_is_wrong = var.sleep == null ? "breaching" : "notBreaching"

  balancer = { LoadBalancer = var.alb_arn_suffix }
  target   = { LoadBalancer = var.alb_arn_suffix, TargetGroup = var.target_group_arn_suffix }
  service  = { ClusterName = var.cluster_name, ServiceName = var.service_name }
  group    = { AutoScalingGroupName = var.autoscaling_group_name }
  database = { DBInstanceIdentifier = var.database_identifier }

  # By colour. The one that rests has no targets and reports nothing.
  targets = { for color, suffix in var.target_group_arn_suffixes : color => { LoadBalancer = var.alb_arn_suffix, TargetGroup = suffix } }

  # `missing` is chosen for each: no error, no request and no connection is good news (notBreaching); a metric that is there
  # whenever the thing runs says nothing about it when it is not (missing); and where silence itself is the fault, it alarms.
  possible = {
    log-errors = {
      wanted      = var.service_log_group_name != null
      description = "The service logged ${var.alarm_log_errors} errors or more within 5 minutes."
      namespace   = local.log_namespace
      metric      = local.log_metric
      dimensions  = {}
      statistic   = "Sum"
      operator    = "GreaterThanOrEqualToThreshold"
      threshold   = var.alarm_log_errors
      period      = 300
      periods     = 1
      datapoints  = 1
      missing     = "notBreaching"
    }

    service-5xx = {
      wanted      = var.alb_arn_suffix != null
      description = "The service answered ${var.alarm_http_errors} requests or more with 5xx within 5 minutes."
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_Target_5XX_Count"
      dimensions  = local.balancer
      statistic   = "Sum"
      operator    = "GreaterThanOrEqualToThreshold"
      threshold   = var.alarm_http_errors
      period      = 300
      periods     = 1
      datapoints  = 1
      missing     = "notBreaching"
    }

    # Its own answers: nobody to ask (503), or no answer in time (504). The service never sees these requests.
    balancer-5xx = {
      wanted      = var.alb_arn_suffix != null
      description = "The load balancer itself answered ${var.alarm_http_errors} requests or more with 5xx within 5 minutes: no service to ask, or no answer in time."
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_ELB_5XX_Count"
      dimensions  = local.balancer
      statistic   = "Sum"
      operator    = "GreaterThanOrEqualToThreshold"
      threshold   = var.alarm_http_errors
      period      = 300
      periods     = 1
      datapoints  = 1
      missing     = "notBreaching"
    }

    latency = {
      wanted      = var.alb_arn_suffix != null
      description = "One request in twenty takes longer than ${var.alarm_latency_seconds} s."
      namespace   = "AWS/ApplicationELB"
      metric      = "TargetResponseTime"
      dimensions  = local.balancer
      statistic   = "p95"
      operator    = "GreaterThanThreshold"
      threshold   = var.alarm_latency_seconds
      period      = 60
      periods     = 5
      datapoints  = 3
      missing     = "notBreaching"
    }

    unhealthy-targets = {
      wanted      = var.target_group_arn_suffix != null
      description = "At least one target fails its health checks."
      namespace   = "AWS/ApplicationELB"
      metric      = "UnHealthyHostCount"
      dimensions  = local.target
      statistic   = "Maximum"
      operator    = "GreaterThanThreshold"
      threshold   = 0
      period      = 60
      periods     = 5
      datapoints  = 5
      missing     = "notBreaching"
    }

    # An empty target group reports nothing at all: that is the worst of all cases, and must not look like the best.
    no-healthy-target = {
      wanted      = var.target_group_arn_suffix != null || length(local.targets) > 0
      description = "No target is healthy, or none is there: nobody answers."
      namespace   = "AWS/ApplicationELB"
      metric      = "HealthyHostCount"
      dimensions  = local.target
      over        = length(local.targets) > 0 ? local.targets : null
      statistic   = "Maximum"
      operator    = "LessThanThreshold"
      threshold   = 1
      period      = 60
      periods     = 3
      datapoints  = 3
      missing     = local.silence_is_wrong
    }

    service-cpu = {
      wanted      = var.service_name != null
      description = "The service used more than ${var.alarm_cpu_percent} % of its CPU for 15 minutes."
      namespace   = "AWS/ECS"
      metric      = "CPUUtilization"
      dimensions  = local.service
      statistic   = "Average"
      operator    = "GreaterThanThreshold"
      threshold   = var.alarm_cpu_percent
      period      = 300
      periods     = 3
      datapoints  = 3
      missing     = "missing"
    }

    service-memory = {
      wanted      = var.service_name != null
      description = "A task of the service used more than ${var.alarm_memory_percent} % of its memory for 15 minutes; at 100 % it is killed."
      namespace   = "AWS/ECS"
      metric      = "MemoryUtilization"
      dimensions  = local.service
      statistic   = "Maximum"
      operator    = "GreaterThanThreshold"
      threshold   = var.alarm_memory_percent
      period      = 300
      periods     = 3
      datapoints  = 3
      missing     = "missing"
    }

    instances-cpu = {
      wanted      = var.autoscaling_group_name != null
      description = "The instances of the group used more than ${var.alarm_cpu_percent} % of their CPU for 15 minutes."
      namespace   = "AWS/EC2"
      metric      = "CPUUtilization"
      dimensions  = local.group
      statistic   = "Average"
      operator    = "GreaterThanThreshold"
      threshold   = var.alarm_cpu_percent
      period      = 300
      periods     = 3
      datapoints  = 3
      missing     = "missing"
    }

    database-cpu = {
      wanted      = var.database_identifier != null
      description = "The database used more than ${var.alarm_cpu_percent} % of its CPU for 15 minutes."
      namespace   = "AWS/RDS"
      metric      = "CPUUtilization"
      dimensions  = local.database
      statistic   = "Average"
      operator    = "GreaterThanThreshold"
      threshold   = var.alarm_cpu_percent
      period      = 300
      periods     = 3
      datapoints  = 3
      missing     = "missing"
    }

    database-connections = {
      wanted      = var.database_identifier != null
      description = "The database has more than ${var.alarm_database_connections} connections."
      namespace   = "AWS/RDS"
      metric      = "DatabaseConnections"
      dimensions  = local.database
      statistic   = "Maximum"
      operator    = "GreaterThanThreshold"
      threshold   = var.alarm_database_connections
      period      = 60
      periods     = 5
      datapoints  = 3
      missing     = "missing"
    }

    # The one metric of a database that is always there while it runs: it tells of one that is down or gone as well.
    database-storage = {
      wanted      = var.database_identifier != null
      description = "The database has less than ${var.alarm_database_free_storage_gb} GiB of storage left, or reports nothing."
      namespace   = "AWS/RDS"
      metric      = "FreeStorageSpace"
      dimensions  = local.database
      statistic   = "Minimum"
      operator    = "LessThanThreshold"
      threshold   = var.alarm_database_free_storage_gb * 1024 * 1024 * 1024
      period      = 300
      periods     = 3
      datapoints  = 3
      missing     = local.silence_is_wrong
    }
  }

  # In a rollout the new colour has a share of the requests. Its errors and its slow answers, which all others hide, are
  # told by alarms of its own. Those send nothing: what people are to hear of, the alarms of the load balancer tell.
  of_colors = merge([for color, dimensions in local.targets : {
    "unhealthy-targets-${color}" = {
      description = "At least one target of ${color} fails its health checks."
      namespace   = "AWS/ApplicationELB"
      metric      = "UnHealthyHostCount"
      dimensions  = dimensions
      statistic   = "Maximum"
      operator    = "GreaterThanThreshold"
      threshold   = 0
      period      = 60
      periods     = 5
      datapoints  = 5
      missing     = "notBreaching"
    }

    "service-5xx-${color}" = {
      description = "The targets of ${color} answered ${var.alarm_http_errors} requests or more with 5xx within 5 minutes."
      tells       = false
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_Target_5XX_Count"
      dimensions  = dimensions
      statistic   = "Sum"
      operator    = "GreaterThanOrEqualToThreshold"
      threshold   = var.alarm_http_errors
      period      = 300
      periods     = 1
      datapoints  = 1
      missing     = "notBreaching"
    }

    "latency-${color}" = {
      description = "One request in twenty to ${color} takes longer than ${var.alarm_latency_seconds} s."
      tells       = false
      namespace   = "AWS/ApplicationELB"
      metric      = "TargetResponseTime"
      dimensions  = dimensions
      statistic   = "p95"
      operator    = "GreaterThanThreshold"
      threshold   = var.alarm_latency_seconds
      period      = 60
      periods     = 5
      datapoints  = 3
      missing     = "notBreaching"
    }
  }]...)

  alarms = {
    for name, alarm in merge(local.possible, local.of_colors) : name => merge({ over = null, tells = true }, alarm) if try(alarm.wanted, true)
  }
}
