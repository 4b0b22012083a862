data "aws_region" "current" {}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  full_name = "${var.project}-${var.environment}-${var.name}"
  colors    = ["blue", "green"]

  # An address that no packet comes from.
  nobody = ["127.0.0.1/32"]

  cluster_arn = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:cluster/${local.full_name}"

  # What each colour runs. At rest it is one, and the other has no service at all.
  images = merge(
    { (var.color) = var.image },
    var.stable_image == null ? {} : { (var.color == "blue" ? "green" : "blue") = var.stable_image },
  )

  capacity = concat(
    var.fargate_weight > 0 || var.fargate_base > 0 ? [{ provider = "FARGATE", weight = var.fargate_weight, base = var.fargate_base }] : [],
    var.fargate_spot_weight > 0 ? [{ provider = "FARGATE_SPOT", weight = var.fargate_spot_weight, base = 0 }] : [],
  )

  # AWS (or the provider, by its version) makes a new service where one of these changes. It needs a name of its own,
  # to start before the old one stops.
  edition = substr(sha1(jsonencode([local.capacity, var.app_port, var.worker])), 0, 4)
}

# A stack, since no resource of the AWS provider joins Fargate Spot to a cluster in both version 3 and version 6.
resource "aws_cloudformation_stack" "cluster" {
  #checkov:skip=CKV_AWS_124:Terraform waits for the stack, and says what went wrong

  name = "${local.full_name}-cluster"

  template_body = jsonencode({
    Description = "ECS cluster ${local.full_name}"

    Resources = {
      Cluster = {
        Type = "AWS::ECS::Cluster"
        Properties = {
          ClusterName       = local.full_name
          CapacityProviders = ["FARGATE", "FARGATE_SPOT"]
          ClusterSettings   = [{ Name = "containerInsights", Value = "enabled" }]
        }
      }
    }
  })
}

resource "aws_security_group" "this" {
  name_prefix = "${local.full_name}-"
  description = "What may reach ${local.full_name}, and what it may reach."
  vpc_id      = var.vpc_id

  # Rules inside the group, not resources of their own: a port opened by hand is drift, and the next apply closes it.
  # Never none at all: Terraform would take that for "leave those that are there", and a worker would keep its open port.
  ingress {
    description     = var.worker ? "Nobody" : "The load balancer"
    protocol        = "tcp"
    from_port       = var.app_port
    to_port         = var.app_port
    cidr_blocks     = var.worker ? local.nobody : null
    security_groups = var.worker ? null : [var.alb_security_group_id]
  }

  # Registries and AWS itself have no fixed addresses to name here.
  #trivy:ignore:AWS-0104
  egress {
    description = "HTTPS: the image, secrets, logs and AWS"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }

  dynamic "egress" {
    for_each = var.egress

    content {
      description = egress.value.description
      protocol    = "tcp"
      from_port   = egress.value.port
      to_port     = egress.value.port
      cidr_blocks = egress.value.cidrs
    }
  }

  tags = { Name = local.full_name }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_ecs_service" "this" {
  for_each = local.images

  name            = "${var.name}-${each.key}-${local.edition}"
  cluster         = local.cluster_arn
  task_definition = local.task_definition_arns[each.key]
  desired_count   = var.task_min

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = var.worker ? null : var.health_check_grace_seconds

  # An apply ends when the tasks are well, and not when ECS has taken the order.
  wait_for_steady_state = true

  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  dynamic "capacity_provider_strategy" {
    for_each = local.capacity

    content {
      capacity_provider = capacity_provider_strategy.value.provider
      weight            = capacity_provider_strategy.value.weight
      base              = capacity_provider_strategy.value.base
    }
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = concat([aws_security_group.this.id], var.database_security_group_id == null ? [] : [var.database_security_group_id])
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = var.worker ? [] : [aws_lb_target_group.this[each.key].arn]

    content {
      target_group_arn = load_balancer.value
      container_name   = var.name
      container_port   = var.app_port
    }
  }

  lifecycle {
    # A colour that goes, goes after the requests were sent to the other one.
    create_before_destroy = true

    # Auto scaling says how many run.
    ignore_changes = [desired_count]

    # After a rollback by the circuit breaker the service is steady again, on what ran before: that is no success.
    postcondition {
      condition     = self.task_definition == local.task_definition_arns[each.key]
      error_message = "The new tasks of ${var.name} did not get well, and ECS went back to those that ran before. See the events of the service and the log group ${aws_cloudwatch_log_group.this.name}."
    }
  }

  # A task that starts before it may pull, log or read its secrets would fail; and ECS wants target groups in use.
  depends_on = [
    aws_cloudformation_stack.cluster,
    aws_iam_role_policy.execution,
    aws_lb_listener_rule.parked,
  ]
}
