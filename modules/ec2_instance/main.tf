data "aws_ssm_parameter" "amazon_linux" {
  count = var.ami_id == null ? 1 : 0

  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${var.architecture}"
}

# AWS publishes a new image every other week. Remembering the first one keeps a promotion, a scaling or a repair from
# bringing in another operating system on the side; ami_id moves to a new one on purpose.
resource "terraform_data" "first_ami" {
  input = var.ami_id == null ? nonsensitive(data.aws_ssm_parameter.amazon_linux[0].value) : null

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  # An address that no packet comes from.
  nobody = ["127.0.0.1/32"]

  full_name = "${var.project}-${var.environment}-${var.name}"

  # default_tags of the provider reach neither the instances of a group nor their volumes.
  instance_tags = {
    Name        = local.full_name
    environment = var.environment
    project     = var.project
  }

  # Anything but one type on demand needs a policy that says how to mix.
  mixed = var.spot_percent > 0 || length(var.other_instance_types) > 0
}

resource "aws_security_group" "this" {
  name_prefix = "${local.full_name}-"
  description = "What may reach ${local.full_name}, and what it may reach."
  vpc_id      = var.vpc_id

  # Rules inside the group, not resources of their own: a port opened by hand is drift, and the next apply closes it.
  # Never none at all: Terraform would take that for "leave those that are there", and a list made empty would close nothing.
  ingress {
    description = "The service"
    protocol    = "tcp"
    from_port   = var.app_port
    to_port     = var.app_port
    cidr_blocks = length(var.ingress_cidrs) > 0 ? var.ingress_cidrs : local.nobody
  }

  # Registries and AWS itself have no fixed addresses to name here.
  #trivy:ignore:AWS-0104
  egress {
    description = "HTTPS: the image, packages and AWS"
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

resource "aws_launch_template" "this" {
  name_prefix = "${local.full_name}-"
  # A plan shows the user data as one long base64 word; this line says what is about to run.
  description            = "Runs ${var.image}"
  update_default_version = true

  image_id      = var.ami_id != null ? var.ami_id : terraform_data.first_ami.output
  instance_type = var.instance_type
  user_data     = base64encode(local.user_data)

  # The group of the database brings its own way out: to the database.
  vpc_security_group_ids = concat([aws_security_group.this.id], var.database_security_group_id == null ? [] : [var.database_security_group_id])

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  # Version 2 of the metadata service only, and out of reach for containers: they do not inherit the role of the host.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted             = true
      volume_type           = "gp3"
      volume_size           = var.root_volume_gb
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = var.detailed_monitoring
  }

  # The group tags its instances, but not their volumes.
  tag_specifications {
    resource_type = "volume"
    tags          = local.instance_tags
  }

  tags = { Name = local.full_name }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_autoscaling_group" "this" {
  name                = local.full_name
  vpc_zone_identifier = var.subnet_ids

  min_size         = var.min_size
  desired_capacity = var.desired_size
  max_size         = var.max_size

  health_check_type         = "EC2"
  health_check_grace_period = 120

  # The provider would wait for the number of instances that it last saw, and in vain once min_size goes above it.
  wait_for_capacity_timeout = "0"

  # Moves to a new spot instance before AWS takes the old one away.
  capacity_rebalance = var.spot_percent > 0

  dynamic "launch_template" {
    for_each = local.mixed ? [] : [aws_launch_template.this]

    content {
      id      = launch_template.value.id
      version = launch_template.value.latest_version
    }
  }

  dynamic "mixed_instances_policy" {
    for_each = local.mixed ? [aws_launch_template.this] : []

    content {
      # From the pools with the most room: the cheapest ones are taken back first.
      instances_distribution {
        on_demand_base_capacity                  = var.on_demand_base
        on_demand_percentage_above_base_capacity = 100 - var.spot_percent
        spot_allocation_strategy                 = "capacity-optimized"
      }

      launch_template {
        launch_template_specification {
          launch_template_id = mixed_instances_policy.value.id
          version            = mixed_instances_policy.value.latest_version
        }

        dynamic "override" {
          for_each = concat([var.instance_type], var.other_instance_types)

          content {
            instance_type = override.value
          }
        }
      }
    }
  }

  # A new image or setting replaces the instances a few at a time.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      instance_warmup        = 120
      min_healthy_percentage = 75
    }
  }

  dynamic "tag" {
    for_each = local.instance_tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  # An instance that starts before it may pull the image or write logs would fail its first minutes.
  depends_on = [
    aws_iam_role_policy.logs,
    aws_iam_role_policy.pull,
    aws_iam_role_policy_attachment.session_manager,
  ]
  # How many run is up to load, schedules and people, between min_size and max_size: an apply must not wake what sleeps.
  lifecycle {
    ignore_changes = [desired_capacity]
  }
}

resource "aws_autoscaling_policy" "cpu" {
  count = var.max_size > var.min_size ? 1 : 0

  name                      = "${local.full_name}-cpu"
  autoscaling_group_name    = aws_autoscaling_group.this.name
  policy_type               = "TargetTrackingScaling"
  estimated_instance_warmup = 120

  target_tracking_configuration {
    target_value = var.target_cpu_percent

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
