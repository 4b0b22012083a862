mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"] }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111111111111:role/mock" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-1:111111111111:log-group:mock" }
  }
}

variables {
  project     = "shop"
  environment = "dev"
  vpc_cidr    = "10.10.0.0/16"
}

run "subnets_lie_in_fixed_places_over_the_zones" {
  command = plan

  variables {
    az_count = 3
  }

  assert {
    condition     = join(" ", aws_subnet.private[*].cidr_block) == "10.10.0.0/19 10.10.32.0/19 10.10.64.0/19"
    error_message = "Private subnets are the first eighths of the range."
  }

  assert {
    condition     = join(" ", aws_subnet.public[*].cidr_block) == "10.10.128.0/24 10.10.129.0/24 10.10.130.0/24"
    error_message = "Public subnets start at the upper half of the range."
  }

  assert {
    condition     = length(distinct(aws_subnet.private[*].availability_zone)) == 3
    error_message = "Each private subnet has a zone of its own."
  }
}

run "the_smallest_range_still_has_room" {
  command = plan

  variables {
    vpc_cidr = "10.10.0.0/20"
    az_count = 3
  }

  assert {
    condition     = aws_subnet.public[2].cidr_block == "10.10.8.32/28"
    error_message = "AWS allows no subnet smaller than /28."
  }
}

run "names_resolve_and_the_default_group_is_closed" {
  assert {
    condition     = aws_vpc.this.enable_dns_hostnames && aws_vpc.this.enable_dns_support
    error_message = "Host names and DNS support are on."
  }

  assert {
    condition     = aws_default_security_group.closed.vpc_id == aws_vpc.this.id
    error_message = "The default security group of this VPC is the closed one."
  }

  assert {
    condition     = output.vpc_cidr == "10.10.0.0/16" && length(output.private_subnet_ids) == 2 && length(output.public_subnet_ids) == 2
    error_message = "Outputs describe what was built."
  }
}

run "a_single_nat_gateway_serves_every_zone" {
  variables {
    nat = "single"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(distinct(aws_route.nat[*].nat_gateway_id)) == 1 && length(aws_route.nat) == 2
    error_message = "Both zones go out through the one gateway."
  }
}

run "a_nat_gateway_a_zone_keeps_zones_apart" {
  variables {
    nat = "per_az"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 2 && length(output.nat_public_ips) == 2
    error_message = "Every zone has a gateway."
  }

  assert {
    condition     = alltrue([for i in [0, 1] : aws_route.nat[i].nat_gateway_id == aws_nat_gateway.this[i].id && aws_nat_gateway.this[i].subnet_id == aws_subnet.public[i].id])
    error_message = "Every zone goes out through its own gateway."
  }
}

run "without_nat_there_is_no_way_out" {
  variables {
    nat = "none"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_eip.nat) == 0 && length(aws_route.nat) == 0
    error_message = "Nothing that costs is left, and no route."
  }
}

run "flow_logs_are_on_unless_turned_off" {
  variables {
    log_retention_days = 90
  }

  assert {
    condition     = aws_flow_log.this[0].traffic_type == "ALL" && aws_cloudwatch_log_group.flow[0].retention_in_days == 90
    error_message = "All traffic is recorded, for as long as asked."
  }

  assert {
    condition     = output.flow_log_group_name == "/shop/dev/vpc-flow"
    error_message = "The log group carries project and environment."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.flow_write[0].statement).resources == toset(["${aws_cloudwatch_log_group.flow[0].arn}:*"])
    error_message = "The role writes to its own log group and nowhere else."
  }
}

run "flow_logs_off_leaves_no_role_behind" {
  variables {
    flow_logs = false
  }

  assert {
    condition     = length(aws_flow_log.this) == 0 && length(aws_iam_role.flow) == 0 && output.flow_log_group_name == null
    error_message = "Neither log nor role."
  }
}

run "an_unknown_kind_of_nat_is_refused" {
  command = plan

  variables {
    nat = "double"
  }

  expect_failures = [var.nat]
}

run "a_range_that_is_too_small_is_refused" {
  command = plan

  variables {
    vpc_cidr = "10.10.0.0/24"
  }

  expect_failures = [var.vpc_cidr]
}

run "a_range_that_starts_in_the_middle_is_refused" {
  command = plan

  variables {
    vpc_cidr = "10.10.3.0/16"
  }

  expect_failures = [var.vpc_cidr]
}

run "more_zones_than_the_region_has_are_refused" {
  command = plan

  variables {
    az_count = 4
  }

  expect_failures = [aws_vpc.this]
}

run "a_retention_that_cloudwatch_lacks_is_refused" {
  command = plan

  variables {
    log_retention_days = 42
  }

  expect_failures = [var.log_retention_days]
}
