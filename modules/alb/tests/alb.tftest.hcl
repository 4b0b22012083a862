mock_provider "aws" {
  mock_data "aws_vpc" {
    defaults = { cidr_block = "10.10.0.0/16" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_lb" {
    defaults = {
      arn      = "arn:aws:elasticloadbalancing:ap-northeast-1:111111111111:loadbalancer/app/mock/0123456789abcdef"
      dns_name = "mock.elb.amazonaws.com"
    }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mock" }
  }
}

variables {
  project         = "shop"
  environment     = "dev"
  vpc_id          = "vpc-0123456789abcdef0"
  subnet_ids      = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]
  certificate_arn = "arn:aws:acm:ap-northeast-1:111111111111:certificate/0f0e0d0c-0000-0000-0000-000000000000"
}

run "https_is_served_with_a_modern_policy" {
  assert {
    condition     = aws_lb_listener.https[0].port == 443 && aws_lb_listener.https[0].protocol == "HTTPS" && aws_lb_listener.https[0].certificate_arn == var.certificate_arn
    error_message = "HTTPS with the certificate given."
  }

  assert {
    condition     = startswith(aws_lb_listener.https[0].ssl_policy, "ELBSecurityPolicy-TLS13-1-2-")
    error_message = "Nothing older than TLS 1.2."
  }

  assert {
    condition     = aws_lb_listener.https[0].default_action[0].fixed_response[0].status_code == "404"
    error_message = "What no service asks for is not found."
  }

  assert {
    condition     = output.listener_arn == aws_lb_listener.https[0].arn && startswith(output.url, "https://")
    error_message = "Services add their rules to HTTPS."
  }
}

run "http_only_sends_on_to_https" {
  command = plan

  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect" && aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "With a certificate nothing is served without it."
  }
}

run "nobody_gets_in_by_default" {
  command = plan

  assert {
    condition     = length(aws_security_group.this.ingress) == 2 && alltrue([for rule in aws_security_group.this.ingress : tolist(rule.cidr_blocks) == tolist(["127.0.0.1/32"])])
    error_message = "Closed until it is told whom to let in."
  }

  assert {
    condition     = length(aws_security_group.this.egress) == 1 && one(aws_security_group.this.egress).to_port == 8080 && tolist(one(aws_security_group.this.egress).cidr_blocks) == tolist(["10.10.0.0/16"])
    error_message = "The port of the services, inside of the VPC, and nothing else."
  }
}

run "settings_open_https_and_its_redirect" {
  command = plan

  variables {
    alb_ingress_cidrs = ["0.0.0.0/0"]
    app_port          = 3000
  }

  assert {
    condition     = toset([for rule in aws_security_group.this.ingress : rule.from_port]) == toset([80, 443])
    error_message = "The two ports that are listened on."
  }

  assert {
    condition     = one(aws_security_group.this.egress).to_port == 3000
    error_message = "The port of the services follows."
  }
}

run "it_is_hardened_and_kept" {
  command = plan

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && aws_lb.this.enable_deletion_protection && aws_lb.this.internal == false
    error_message = "Headers that are not well-formed are dropped; nobody deletes it by mistake."
  }

  assert {
    condition     = aws_lb.this.access_logs[0].enabled
    error_message = "Every request is on record."
  }
}

run "logs_are_encrypted_private_and_expire" {
  command = plan

  variables {
    log_retention_days = 90
  }

  assert {
    condition     = aws_s3_bucket.logs.bucket == "shop-dev-alb-logs-111111111111" && aws_s3_bucket.logs.force_destroy == false
    error_message = "The bucket is our own, and not deleted with what is in it."
  }

  assert {
    condition     = aws_s3_bucket.logs.server_side_encryption_configuration[0].rule[0].apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "Logs are encrypted."
  }

  assert {
    condition     = aws_s3_bucket.logs.lifecycle_rule[0].expiration[0].days == 90
    error_message = "Logs expire when the settings say so."
  }

  assert {
    condition     = aws_s3_bucket.logs.versioning[0].enabled && aws_s3_bucket.logs.lifecycle_rule[0].noncurrent_version_expiration[0].days == 7
    error_message = "A log that was deleted can be brought back, for a week."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.logs.block_public_policy && aws_s3_bucket_public_access_block.logs.restrict_public_buckets && aws_s3_bucket_public_access_block.logs.block_public_acls && aws_s3_bucket_public_access_block.logs.ignore_public_acls
    error_message = "Nobody makes the bucket public."
  }
}

run "logs_are_written_by_our_load_balancers_only_and_through_tls" {
  assert {
    condition     = data.aws_iam_policy_document.logs.statement[0].resources == toset(["arn:aws:s3:::mock/AWSLogs/111111111111/*"])
    error_message = "The path holds our account."
  }

  assert {
    condition     = data.aws_iam_policy_document.logs.statement[1].effect == "Deny" && one(data.aws_iam_policy_document.logs.statement[1].condition).variable == "aws:SecureTransport"
    error_message = "Nothing without TLS."
  }
}

run "an_environment_that_comes_and_goes_takes_its_logs_with_it" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = aws_s3_bucket.logs.force_destroy && !aws_lb.this.enable_deletion_protection
    error_message = "Nothing keeps it from being destroyed."
  }
}

run "plain_http_is_served_where_it_is_chosen" {
  variables {
    certificate_arn   = null
    http_only         = true
    alb_ingress_cidrs = ["192.0.2.0/24"]
  }

  assert {
    condition     = length(aws_lb_listener.https) == 0 && aws_lb_listener.http.default_action[0].fixed_response[0].status_code == "404"
    error_message = "HTTP alone, and not found by default."
  }

  assert {
    condition     = one(aws_security_group.this.ingress).from_port == 80
    error_message = "Nothing listens on 443."
  }

  assert {
    condition     = output.listener_arn == aws_lb_listener.http.arn && output.url == "http://mock.elb.amazonaws.com"
    error_message = "Services add their rules to HTTP."
  }
}

run "long_names_are_cut_and_stay_apart" {
  command = plan

  variables {
    project     = "a-project-of-20-char"
    environment = "another-of-20-chars1"
  }

  assert {
    condition     = length(aws_lb.this.name) <= 32 && startswith(aws_lb.this.name, "a-project-of-20-char-") && can(regex("-[0-9a-f]{6}$", aws_lb.this.name))
    error_message = "A name that AWS takes, and of its own."
  }
}

run "plain_http_is_refused_where_nobody_chose_it" {
  command = plan

  variables {
    certificate_arn = null
  }

  expect_failures = [aws_lb.this]
}

run "plain_http_beside_a_certificate_is_refused" {
  command = plan

  variables {
    http_only = true
  }

  expect_failures = [aws_lb.this]
}

run "a_certificate_that_is_none_is_refused" {
  command = plan

  variables {
    certificate_arn = "shop.example.com"
  }

  expect_failures = [var.certificate_arn]
}

run "a_single_subnet_is_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-0aaaaaaaaaaaaaaaa"]
  }

  expect_failures = [var.subnet_ids]
}

run "a_port_that_is_none_is_refused" {
  command = plan

  variables {
    app_port = 70000
  }

  expect_failures = [var.app_port]
}

run "a_range_that_is_none_is_refused" {
  command = plan

  variables {
    alb_ingress_cidrs = ["everybody"]
  }

  expect_failures = [var.alb_ingress_cidrs]
}

run "a_retention_that_aws_does_not_offer_is_refused" {
  command = plan

  variables {
    log_retention_days = 42
  }

  expect_failures = [var.log_retention_days]
}

run "a_project_in_capitals_is_refused" {
  command = plan

  variables {
    project = "Shop"
  }

  expect_failures = [var.project]
}

run "an_environment_with_an_underscore_is_refused" {
  command = plan

  variables {
    environment = "dev_1"
  }

  expect_failures = [var.environment]
}
