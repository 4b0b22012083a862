locals {
  weights = { for color in local.colors : color => color == var.color ? var.traffic_percent : 100 - var.traffic_percent }
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer, and nobody else is let in

  for_each = toset(var.worker ? [] : local.colors)

  name_prefix = "${each.key}-"
  vpc_id      = var.vpc_id
  port        = var.app_port
  protocol    = "HTTP"
  target_type = "ip"
  # As long as a task has to end.
  deregistration_delay = 30

  health_check {
    path                = var.health_check_path
    matcher             = "200-299"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  tags = { Name = "${local.full_name}-${each.key}" }

  lifecycle {
    create_before_destroy = true
  }
}

# ECS takes a target group only while a rule names it, and no request may reach one before its tasks are well.
# So this rule names both, for requests that nobody can send.
resource "aws_lb_listener_rule" "parked" {
  count = var.worker ? 0 : 1

  listener_arn = var.listener_arn
  priority     = 50000 - var.listener_priority

  action {
    type = "forward"

    forward {
      dynamic "target_group" {
        for_each = local.colors

        content {
          arn    = aws_lb_target_group.this[target_group.value].arn
          weight = 1
        }
      }
    }
  }

  condition {
    source_ip {
      values = local.nobody
    }
  }
}

resource "aws_lb_listener_rule" "this" {
  count = var.worker ? 0 : 1

  listener_arn = var.listener_arn
  priority     = var.listener_priority

  action {
    type = "forward"

    forward {
      dynamic "target_group" {
        for_each = local.colors

        content {
          arn    = aws_lb_target_group.this[target_group.value].arn
          weight = local.weights[target_group.value]
        }
      }
    }
  }

  condition {
    path_pattern {
      values = var.path_patterns
    }
  }

  # Requests go to a colour once its tasks are well.
  depends_on = [aws_ecs_service.this]
}
