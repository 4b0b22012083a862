data "aws_region" "current" {}

locals {
  # Each is [namespace, metric, dimension, value, ..., options], as CloudWatch writes it.
  balancer_path = ["LoadBalancer", var.alb_arn_suffix]
  service_path  = ["ClusterName", var.cluster_name, "ServiceName", var.service_name]
  group_path    = ["AutoScalingGroupName", var.autoscaling_group_name]
  database_path = ["DBInstanceIdentifier", var.database_identifier]

  # By what their labels end with.
  target_paths = {
    for ending, suffix in merge(
      { for suffix in compact([var.target_group_arn_suffix]) : "" => suffix },
      { for color, suffix in var.target_group_arn_suffixes : ", ${color}" => suffix },
    ) : ending => ["LoadBalancer", var.alb_arn_suffix, "TargetGroup", suffix]
  }

  possible_graphs = [
    {
      wanted = var.alb_arn_suffix != null
      title  = "Requests and errors"
      stat   = "Sum"
      metrics = [
        concat(["AWS/ApplicationELB", "RequestCount"], local.balancer_path, [{ label = "requests" }]),
        concat(["AWS/ApplicationELB", "HTTPCode_Target_4XX_Count"], local.balancer_path, [{ label = "4xx" }]),
        concat(["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"], local.balancer_path, [{ label = "5xx of the service" }]),
        concat(["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"], local.balancer_path, [{ label = "5xx of the load balancer" }]),
      ]
    },
    {
      wanted = var.alb_arn_suffix != null
      title  = "Response time (s)"
      stat   = "p95"
      metrics = [
        concat(["AWS/ApplicationELB", "TargetResponseTime"], local.balancer_path, [{ label = "half of the requests", stat = "p50" }]),
        concat(["AWS/ApplicationELB", "TargetResponseTime"], local.balancer_path, [{ label = "19 of 20 requests", stat = "p95" }]),
      ]
    },
    {
      wanted = length(local.target_paths) > 0
      title  = "Targets"
      stat   = "Maximum"
      metrics = concat([], [for ending, path in local.target_paths : [
        concat(["AWS/ApplicationELB", "HealthyHostCount"], path, [{ label = "healthy${ending}" }]),
        concat(["AWS/ApplicationELB", "UnHealthyHostCount"], path, [{ label = "unhealthy${ending}" }]),
      ]]...)
    },
    {
      wanted  = var.service_log_group_name != null
      title   = "Errors in the log"
      stat    = "Sum"
      metrics = [[local.log_namespace, local.log_metric, { label = "errors" }]]
    },
    {
      wanted = var.service_name != null
      title  = "Service (%)"
      stat   = "Average"
      metrics = [
        concat(["AWS/ECS", "CPUUtilization"], local.service_path, [{ label = "CPU" }]),
        concat(["AWS/ECS", "MemoryUtilization"], local.service_path, [{ label = "memory" }]),
      ]
    },
    {
      wanted  = var.autoscaling_group_name != null
      title   = "Instances: CPU (%)"
      stat    = "Average"
      metrics = [concat(["AWS/EC2", "CPUUtilization"], local.group_path, [{ label = "CPU" }])]
    },
    {
      wanted = var.database_identifier != null
      title  = "Database: CPU (%) and connections"
      stat   = "Average"
      metrics = [
        concat(["AWS/RDS", "CPUUtilization"], local.database_path, [{ label = "CPU" }]),
        concat(["AWS/RDS", "DatabaseConnections"], local.database_path, [{ label = "connections", yAxis = "right" }]),
      ]
    },
    {
      wanted  = var.database_identifier != null
      title   = "Database: free storage (bytes)"
      stat    = "Minimum"
      metrics = [concat(["AWS/RDS", "FreeStorageSpace"], local.database_path, [{ label = "free" }])]
    },
  ]

  graphs = [for graph in local.possible_graphs : graph if graph.wanted]
}

resource "aws_cloudwatch_dashboard" "this" {
  count = length(local.alarms) > 0 ? 1 : 0

  dashboard_name = local.name

  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type   = "alarm"
        x      = 0
        y      = 0
        width  = 24
        height = 3
        properties = {
          title  = "Alarms"
          alarms = concat(aws_cloudwatch_composite_alarm.this[*].arn, [for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn])
        }
      }],
      [for place, graph in local.graphs : {
        type   = "metric"
        x      = place % 2 * 12
        y      = 3 + floor(place / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = graph.title
          region  = data.aws_region.current.id
          stat    = graph.stat
          period  = 300
          view    = "timeSeries"
          metrics = graph.metrics
        }
      }],
    )
  })
}
