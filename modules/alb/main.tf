data "aws_vpc" "this" {
  id = var.vpc_id
}

locals {
  name = "${var.project}-${var.environment}"

  # A load balancer has room for 32 characters. Cut names end in a part of their hash, so that no two of them meet.
  short_name = length(local.name) <= 32 ? local.name : "${trimsuffix(substr(local.name, 0, 25), "-")}-${substr(sha1(local.name), 0, 6)}"

  # Not asked of the certificate, whose ARN may be known only once it was made.
  https = !var.http_only

  # An address that no packet comes from.
  nobody = ["127.0.0.1/32"]

  listener = local.https ? aws_lb_listener.https[0] : aws_lb_listener.http
}

resource "aws_security_group" "this" {
  name_prefix = "${local.name}-alb-"
  description = "What may reach the load balancer of ${local.name}, and what it may reach."
  vpc_id      = var.vpc_id

  # Rules inside the group, not resources of their own: a port opened by hand is drift, and the next apply closes it.
  # Never none at all: Terraform would take that for "leave those that are there", and a list made empty would close nothing.
  dynamic "ingress" {
    for_each = local.https ? [443, 80] : [80]

    content {
      description = ingress.value == 443 ? "HTTPS" : local.https ? "HTTP, to be sent on to HTTPS" : "HTTP"
      protocol    = "tcp"
      from_port   = ingress.value
      to_port     = ingress.value
      cidr_blocks = length(var.alb_ingress_cidrs) > 0 ? var.alb_ingress_cidrs : local.nobody
    }
  }

  egress {
    description = "The services, and their health checks"
    protocol    = "tcp"
    from_port   = var.app_port
    to_port     = var.app_port
    cidr_blocks = [data.aws_vpc.this.cidr_block]
  }

  tags = { Name = "${local.name}-alb" }

  lifecycle {
    create_before_destroy = true
  }
}

# For the internet, and closed until alb_ingress_cidrs says for whom.
#trivy:ignore:AWS-0053
resource "aws_lb" "this" {
  #checkov:skip=CKV2_AWS_20:it does, wherever there is a certificate: the check sees no dynamic block
  #checkov:skip=CKV2_AWS_28:a firewall is charged by month and request, and is joined to the output arn

  name               = local.short_name
  load_balancer_type = "application"
  internal           = false
  subnets            = var.subnet_ids
  security_groups    = [aws_security_group.this.id]

  # Headers that are not well-formed are a way to smuggle one request inside another.
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection

  access_logs {
    bucket  = aws_s3_bucket.logs.id
    enabled = true
  }

  tags = { Name = local.name }

  lifecycle {
    precondition {
      condition     = (var.certificate_arn == null) == var.http_only
      error_message = "Give either certificate_arn, or http_only = true where it is meant that everybody on the way can read what goes by."
    }
  }

  # AWS tries the bucket as soon as it is named.
  depends_on = [aws_s3_bucket_policy.logs]
}

resource "aws_lb_listener" "https" {
  count = local.https ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = var.certificate_arn
  # TLS 1.2 and 1.3, with forward secrecy.
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  # Services add rules of their own; what none of them asks for is nobody's business.
  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "Not found"
      status_code  = "404"
    }
  }
}

# Sends on to HTTPS. Without a certificate somebody has said http_only, and meant it.
#trivy:ignore:AWS-0054
resource "aws_lb_listener" "http" {
  #checkov:skip=CKV_AWS_2:sends on to HTTPS wherever there is a certificate, see above

  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = local.https ? "redirect" : "fixed-response"

    dynamic "redirect" {
      for_each = local.https ? [443] : []

      content {
        port        = redirect.value
        protocol    = "HTTPS"
        status_code = "HTTP_301"
      }
    }

    dynamic "fixed_response" {
      for_each = local.https ? [] : [404]

      content {
        content_type = "text/plain"
        message_body = "Not found"
        status_code  = fixed_response.value
      }
    }
  }
}
