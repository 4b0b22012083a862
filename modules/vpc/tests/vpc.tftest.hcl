mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"] }
  }

  mock_data "aws_region" {
    defaults = { id = "ap-northeast-1" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
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
    condition     = join(" ", aws_subnet.data[*].cidr_block) == "10.10.136.0/24 10.10.137.0/24 10.10.138.0/24"
    error_message = "Data subnets leave room for the public ones to grow."
  }

  assert {
    condition     = alltrue([for subnets in [aws_subnet.public, aws_subnet.private, aws_subnet.data] : length(distinct(subnets[*].availability_zone)) == 3])
    error_message = "Each subnet of a kind has a zone of its own."
  }
}

run "public_and_private_subnets_are_marked_for_load_balancers_of_kubernetes" {
  command = plan

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : subnet.tags["kubernetes.io/role/elb"] == "1"])
    error_message = "Load balancers that face the internet find the public subnets."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : subnet.tags["kubernetes.io/role/internal-elb"] == "1"])
    error_message = "Internal load balancers find the private subnets."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.data : length(subnet.tags) == 1])
    error_message = "No load balancer looks for the data subnets."
  }
}

run "the_smallest_range_still_has_room" {
  command = plan

  variables {
    vpc_cidr = "10.10.0.0/20"
    az_count = 3
  }

  assert {
    condition     = aws_subnet.public[2].cidr_block == "10.10.8.32/28" && aws_subnet.data[2].cidr_block == "10.10.8.160/28"
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
    condition     = output.vpc_cidr == "10.10.0.0/16" && alltrue([for ids in [output.public_subnet_ids, output.private_subnet_ids, output.data_subnet_ids] : length(ids) == 2])
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

run "data_subnets_have_a_table_of_their_own_and_no_way_out" {
  assert {
    condition     = alltrue([for link in aws_route_table_association.data : link.route_table_id == aws_route_table.data.id])
    error_message = "Every data subnet uses the table of the data subnets."
  }

  assert {
    condition     = !contains(concat(aws_route.nat[*].route_table_id, [aws_route.internet.route_table_id]), aws_route_table.data.id)
    error_message = "Neither NAT nor the internet gateway is a way out of a data subnet."
  }

  assert {
    condition     = !contains(concat(aws_route_table.private[*].id, [aws_route_table.public.id]), aws_route_table.data.id)
    error_message = "The table is not that of another kind."
  }
}

run "gateway_endpoints_serve_private_and_data_subnets" {
  assert {
    condition     = { for key, endpoint in aws_vpc_endpoint.gateway : endpoint.service_name => endpoint.vpc_endpoint_type } == { "com.amazonaws.ap-northeast-1.dynamodb" = "Gateway", "com.amazonaws.ap-northeast-1.s3" = "Gateway" }
    error_message = "S3 and DynamoDB are reached through gateway endpoints."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.gateway : endpoint.route_table_ids == toset(concat(aws_route_table.private[*].id, [aws_route_table.data.id]))])
    error_message = "Private and data subnets both use them."
  }

  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0 && length(aws_security_group.endpoints) == 0
    error_message = "What is charged is off until it is asked for."
  }
}

run "nothing_is_carried_out_through_an_endpoint_with_keys_of_another_account" {
  command = plan

  assert {
    condition = alltrue(flatten([for endpoint in aws_vpc_endpoint.gateway : [
      for statement in jsondecode(endpoint.policy).Statement : try(statement.Condition.StringEquals["aws:PrincipalAccount"], "") == "111111111111"
      if statement.Action != ["s3:GetObject", "s3:GetObjectVersion"]
    ]]))
    error_message = "All but downloads is for identities of this account."
  }

  assert {
    condition     = length(jsondecode(aws_vpc_endpoint.gateway["dynamodb"].policy).Statement) == 1
    error_message = "DynamoDB knows no downloads."
  }
}

run "interface_endpoints_answer_to_the_vpc_only" {
  variables {
    interface_endpoints = ["ecr.api", "ecr.dkr"]
  }

  override_data {
    target = data.aws_vpc_endpoint_service.interface
    values = { service_name = "com.amazonaws.ap-northeast-1.ecr" }
  }

  assert {
    condition     = toset(keys(aws_vpc_endpoint.interface)) == toset(["ecr.api", "ecr.dkr"])
    error_message = "One endpoint a service."
  }

  assert {
    condition = alltrue([for endpoint in aws_vpc_endpoint.interface :
      endpoint.private_dns_enabled && endpoint.vpc_endpoint_type == "Interface" &&
      endpoint.subnet_ids == toset(aws_subnet.private[*].id) && endpoint.security_group_ids == toset([aws_security_group.endpoints[0].id])
    ])
    error_message = "Each is found by the usual name, in every zone, behind the one security group."
  }

  assert {
    condition     = [for rule in aws_security_group.endpoints[0].ingress : [rule.protocol, rule.from_port, rule.to_port, rule.cidr_blocks[0], length(rule.cidr_blocks)]] == [["tcp", 443, 443, "10.10.0.0/16", 1]]
    error_message = "HTTPS from the VPC is all that gets in."
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

run "a_project_with_capitals_is_refused" {
  command = plan

  variables {
    project = "Shop"
  }

  expect_failures = [var.project]
}

run "an_environment_that_is_too_long_is_refused" {
  command = plan

  variables {
    environment = "an-environment-too-far"
  }

  expect_failures = [var.environment]
}

run "a_number_of_zones_that_has_no_places_is_refused" {
  command = plan

  variables {
    az_count = 5
  }

  expect_failures = [var.az_count]
}

run "a_service_by_its_long_name_is_refused" {
  command = plan

  variables {
    interface_endpoints = ["com.amazonaws.ap-northeast-1.logs"]
  }

  expect_failures = [var.interface_endpoints]
}

run "an_interface_to_what_has_a_gateway_is_refused" {
  command = plan

  variables {
    interface_endpoints = ["s3"]
  }

  expect_failures = [var.interface_endpoints]
}
