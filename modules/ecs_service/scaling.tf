# AWS changes the bounds of a target each time that a service falls asleep and wakes up. Terraform must not take that for drift
# and wake the service with the next apply, so it looks away, and makes the target anew where the settings change.
resource "terraform_data" "bounds" {
  input = [var.task_min, var.task_max, var.sleep]
}

resource "aws_appautoscaling_target" "this" {
  for_each = local.images

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${local.full_name}/${aws_ecs_service.this[each.key].name}"
  min_capacity       = var.task_min
  max_capacity       = var.task_max

  lifecycle {
    ignore_changes       = [min_capacity, max_capacity]
    replace_triggered_by = [terraform_data.bounds]
  }
}

resource "aws_appautoscaling_policy" "cpu" {
  for_each = local.images

  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[each.key].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[each.key].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[each.key].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.target_cpu_percent
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }

  # AWS takes policies and schedules away with their target.
  lifecycle {
    replace_triggered_by = [aws_appautoscaling_target.this[each.key]]
  }
}

resource "aws_appautoscaling_policy" "requests" {
  for_each = var.target_requests_per_minute == null ? {} : local.images

  name               = "requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[each.key].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[each.key].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[each.key].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.target_requests_per_minute
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${var.alb_arn_suffix}/${aws_lb_target_group.this[each.key].arn_suffix}"
    }
  }

  lifecycle {
    replace_triggered_by = [aws_appautoscaling_target.this[each.key]]

    precondition {
      condition     = var.alb_arn_suffix != null
      error_message = "target_requests_per_minute needs alb_arn_suffix, to know whose requests to count."
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "down" {
  for_each = var.sleep == null ? {} : local.images

  name               = "${local.full_name}-${each.key}-down"
  service_namespace  = aws_appautoscaling_target.this[each.key].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[each.key].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[each.key].resource_id
  schedule           = "cron(${var.sleep.down})"

  scalable_target_action {
    min_capacity = 0
    max_capacity = 0
  }

  lifecycle {
    replace_triggered_by = [aws_appautoscaling_target.this[each.key]]
  }
}

resource "aws_appautoscaling_scheduled_action" "up" {
  for_each = var.sleep == null ? {} : local.images

  name               = "${local.full_name}-${each.key}-up"
  service_namespace  = aws_appautoscaling_target.this[each.key].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[each.key].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[each.key].resource_id
  schedule           = "cron(${var.sleep.up})"

  scalable_target_action {
    min_capacity = var.task_min
    max_capacity = var.task_max
  }

  lifecycle {
    replace_triggered_by = [aws_appautoscaling_target.this[each.key]]
  }
}
