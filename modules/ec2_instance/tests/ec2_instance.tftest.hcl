mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_ssm_parameter" {
    defaults = { value = "ami-0aaaaaaaaaaaaaaaa" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::111111111111:instance-profile/mock" }
  }

  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0", latest_version = 1 }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-1:111111111111:log-group:mock" }
  }
}

variables {
  project       = "shop"
  environment   = "dev"
  vpc_id        = "vpc-0123456789abcdef0"
  subnet_ids    = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]
  instance_type = "t3.micro"
  image         = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web@sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"
}

run "an_instance_is_hardened" {
  assert {
    condition = alltrue([for options in aws_launch_template.this.metadata_options :
      options.http_tokens == "required" && options.http_put_response_hop_limit == 1
    ]) && length(aws_launch_template.this.metadata_options) == 1
    error_message = "Only version 2 of the metadata service, and not for containers."
  }

  assert {
    condition     = tobool(aws_launch_template.this.block_device_mappings[0].ebs[0].encrypted)
    error_message = "The root volume is encrypted."
  }

  assert {
    condition     = toset(aws_launch_template.this.vpc_security_group_ids) == toset([aws_security_group.this.id])
    error_message = "The launch template carries the security group."
  }

  assert {
    condition     = aws_launch_template.this.key_name == null
    error_message = "No SSH key."
  }
}

run "only_https_gets_out_by_default" {
  command = plan

  assert {
    condition     = length(aws_security_group.this.egress) == 1 && one(aws_security_group.this.egress).to_port == 443
    error_message = "HTTPS is the only way out."
  }
}

run "nobody_gets_in_by_default" {
  command = plan

  assert {
    condition     = tolist(one(aws_security_group.this.ingress).cidr_blocks) == tolist(["127.0.0.1/32"])
    error_message = "The group is closed, by a rule that nobody can use."
  }
}

run "settings_open_ports" {
  command = plan

  variables {
    app_port      = 3000
    ingress_cidrs = ["10.10.0.0/16"]
    egress        = [{ description = "Database", port = 5432, cidrs = ["10.10.0.0/16"] }]
  }

  assert {
    condition     = one(aws_security_group.this.ingress).from_port == 3000 && tolist(one(aws_security_group.this.ingress).cidr_blocks) == tolist(["10.10.0.0/16"])
    error_message = "The service is open to the ranges given, on its port."
  }

  assert {
    condition     = toset([for rule in aws_security_group.this.egress : rule.to_port]) == toset([443, 5432])
    error_message = "The database may be reached besides HTTPS."
  }
}

run "the_group_heals_and_rolls" {
  state_key = "sizes"

  variables {
    min_size     = 2
    desired_size = 3
    max_size     = 4
  }

  assert {
    condition     = aws_autoscaling_group.this.min_size == 2 && aws_autoscaling_group.this.desired_capacity == 3 && aws_autoscaling_group.this.max_size == 4
    error_message = "The group has the sizes given."
  }

  assert {
    condition     = aws_autoscaling_group.this.launch_template[0].version == tostring(aws_launch_template.this.latest_version) && aws_autoscaling_group.this.instance_refresh[0].strategy == "Rolling"
    error_message = "A new version of the launch template rolls through the group."
  }

  assert {
    condition     = toset(aws_autoscaling_group.this.vpc_zone_identifier) == toset(var.subnet_ids)
    error_message = "The group spreads over the subnets given."
  }

  assert {
    condition = { for tag in aws_autoscaling_group.this.tag : tag.key => tag.value if tag.propagate_at_launch } == {
      Name = "shop-dev-web", environment = "dev", project = "shop"
    }
    error_message = "Instances carry name, environment and project."
  }
}

run "one_type_on_demand_needs_no_policy" {
  assert {
    condition     = length(aws_autoscaling_group.this.launch_template) == 1 && length(aws_autoscaling_group.this.mixed_instances_policy) == 0 && !aws_autoscaling_group.this.capacity_rebalance
    error_message = "By default the group starts from its launch template."
  }
}

run "a_share_of_the_instances_runs_on_spot" {
  variables {
    spot_percent         = 70
    on_demand_base       = 1
    other_instance_types = ["t3a.micro"]
  }

  assert {
    condition     = length(aws_autoscaling_group.this.launch_template) == 0 && aws_autoscaling_group.this.capacity_rebalance
    error_message = "The policy holds the launch template, and spot instances are replaced before they go."
  }

  assert {
    condition = alltrue([for shares in aws_autoscaling_group.this.mixed_instances_policy[0].instances_distribution :
      shares.on_demand_base_capacity == 1 && shares.on_demand_percentage_above_base_capacity == 30 && shares.spot_allocation_strategy == "capacity-optimized"
    ]) && length(aws_autoscaling_group.this.mixed_instances_policy[0].instances_distribution) == 1
    error_message = "What is not on spot is on demand, and spot comes from where there is room."
  }

  assert {
    condition     = aws_autoscaling_group.this.mixed_instances_policy[0].launch_template[0].override[*].instance_type == tolist(["t3.micro", "t3a.micro"])
    error_message = "The type asked for comes first."
  }

  assert {
    condition     = aws_autoscaling_group.this.mixed_instances_policy[0].launch_template[0].launch_template_specification[0].version == tostring(aws_launch_template.this.latest_version)
    error_message = "A new version of the launch template rolls through a mixed group as well."
  }
}

run "other_types_alone_stay_on_demand" {
  command = plan

  variables {
    other_instance_types = ["t3a.micro"]
  }

  assert {
    condition     = aws_autoscaling_group.this.mixed_instances_policy[0].instances_distribution[0].on_demand_percentage_above_base_capacity == 100 && !aws_autoscaling_group.this.capacity_rebalance
    error_message = "Another type is no spot."
  }
}

run "the_group_follows_the_load" {
  variables {
    target_cpu_percent = 40
  }

  assert {
    condition     = aws_autoscaling_policy.cpu[0].policy_type == "TargetTrackingScaling" && aws_autoscaling_policy.cpu[0].target_tracking_configuration[0].target_value == 40
    error_message = "Scaling aims at the load given."
  }

  assert {
    condition     = aws_autoscaling_policy.cpu[0].target_tracking_configuration[0].predefined_metric_specification[0].predefined_metric_type == "ASGAverageCPUUtilization"
    error_message = "The load is that of the processors."
  }
}

run "a_group_of_one_size_does_not_scale" {
  command = plan

  variables {
    min_size = 1
    max_size = 1
  }

  assert {
    condition     = length(aws_autoscaling_policy.cpu) == 0
    error_message = "There is nothing to scale."
  }
}

run "a_group_starts_with_its_desired_size" {
  state_key = "night"

  variables {
    min_size     = 0
    desired_size = 1
  }

  assert {
    condition     = aws_autoscaling_group.this.desired_capacity == 1
    error_message = "A new group has the size given."
  }
}

run "and_no_later_apply_sets_it_again" {
  state_key = "night"

  variables {
    min_size     = 0
    desired_size = 2
  }

  assert {
    condition     = aws_autoscaling_group.this.desired_capacity == 1
    error_message = "An apply at night would wake what sleeps."
  }
}

run "instances_carry_the_group_that_may_connect_to_the_database" {
  variables {
    database_security_group_id = "sg-0123456789abcdef0"
  }

  assert {
    condition     = toset(aws_launch_template.this.vpc_security_group_ids) == toset([aws_security_group.this.id, "sg-0123456789abcdef0"])
    error_message = "The group of the database comes besides their own."
  }
}

run "the_image_runs_as_a_service" {
  command = plan

  variables {
    app_environment = { LOG_LEVEL = "debug", QUOTED = "it's \"quoted\": yes" }
  }

  assert {
    condition     = startswith(base64decode(aws_launch_template.this.user_data), "#cloud-config\n")
    error_message = "The user data is for cloud-init."
  }

  assert {
    condition     = strcontains(yamldecode(base64decode(aws_launch_template.this.user_data)).write_files[0].content, "docker pull --quiet ${var.image}\n")
    error_message = "The unit pulls the pinned image."
  }

  assert {
    condition     = yamldecode(base64decode(aws_launch_template.this.user_data)).write_files[1].content == "LOG_LEVEL=debug\nQUOTED=it's \"quoted\": yes\n"
    error_message = "Values reach the container as they are."
  }

  assert {
    condition     = aws_launch_template.this.description == "Runs ${var.image}"
    error_message = "A plan says which image will run."
  }
}

run "an_image_in_ecr_brings_its_login_and_the_right_to_read_one_repository" {
  command = plan

  assert {
    condition     = length(aws_iam_role_policy.pull) == 1
    error_message = "The role may pull."
  }

  assert {
    condition     = data.aws_iam_policy_document.pull[0].statement[0].resources == toset(["arn:aws:ecr:ap-northeast-1:111111111111:repository/shop/web"])
    error_message = "The role may pull this repository only."
  }

  assert {
    condition     = contains(yamldecode(base64decode(aws_launch_template.this.user_data)).packages, "amazon-ecr-credential-helper")
    error_message = "The instance can log in to the registry."
  }
}

run "an_image_elsewhere_needs_no_login" {
  command = plan

  variables {
    image = "public.ecr.aws/nginx/nginx@sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"
  }

  assert {
    condition     = length(aws_iam_role_policy.pull) == 0 && yamldecode(base64decode(aws_launch_template.this.user_data)).packages == ["docker"]
    error_message = "No permission and no package for what is public."
  }
}

run "people_come_in_through_session_manager" {
  command = plan

  assert {
    condition     = aws_iam_role_policy_attachment.session_manager.policy_arn == "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    error_message = "Session Manager is the way in."
  }
}

run "the_first_machine_image_is_kept" {
  state_key = "ami"

  assert {
    condition     = output.ami_id == "ami-0aaaaaaaaaaaaaaaa"
    error_message = "A new service starts from the newest image."
  }
}

run "a_newer_machine_image_changes_nothing" {
  state_key = "ami"

  override_data {
    target = data.aws_ssm_parameter.amazon_linux[0]
    values = { value = "ami-0bbbbbbbbbbbbbbbb" }
  }

  assert {
    condition     = output.ami_id == "ami-0aaaaaaaaaaaaaaaa"
    error_message = "AWS published an image; nobody asked for it."
  }
}

run "a_machine_image_that_is_asked_for_is_taken" {
  state_key = "ami"

  variables {
    ami_id = "ami-0cccccccccccccccc"
  }

  assert {
    condition     = output.ami_id == "ami-0cccccccccccccccc"
    error_message = "ami_id wins."
  }
}

run "an_image_by_tag_is_refused" {
  command = plan

  variables {
    image = "public.ecr.aws/nginx/nginx:1.29"
  }

  expect_failures = [var.image]
}

run "a_desired_size_outside_of_the_bounds_is_refused" {
  command = plan

  variables {
    desired_size = 5
  }

  expect_failures = [var.desired_size]
}

run "a_value_of_two_lines_is_refused" {
  command = plan

  variables {
    app_environment = { LOG_LEVEL = "debug\nADMIN=yes" }
  }

  expect_failures = [var.app_environment]
}

run "a_volume_smaller_than_its_image_is_refused" {
  command = plan

  variables {
    root_volume_gb = 4
  }

  expect_failures = [var.root_volume_gb]
}

run "a_service_without_subnets_is_refused" {
  command = plan

  variables {
    subnet_ids = []
  }

  expect_failures = [var.subnet_ids]
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

run "a_name_with_spaces_is_refused" {
  command = plan

  variables {
    name = "the web"
  }

  expect_failures = [var.name]
}

run "a_port_that_does_not_exist_is_refused" {
  command = plan

  variables {
    app_port = 70000
  }

  expect_failures = [var.app_port]
}

run "an_address_that_is_no_range_is_refused" {
  command = plan

  variables {
    ingress_cidrs = ["10.10.0.0"]
  }

  expect_failures = [var.ingress_cidrs]
}

run "a_way_out_to_no_range_is_refused" {
  command = plan

  variables {
    egress = [{ description = "Database", port = 5432, cidrs = ["database.internal"] }]
  }

  expect_failures = [var.egress]
}

run "a_security_group_by_name_is_refused" {
  command = plan

  variables {
    database_security_group_id = "database"
  }

  expect_failures = [var.database_security_group_id]
}

run "an_unknown_processor_is_refused" {
  command = plan

  variables {
    architecture = "riscv64"
  }

  expect_failures = [var.architecture]
}

run "a_machine_image_by_name_is_refused" {
  command = plan

  variables {
    ami_id = "al2023"
  }

  expect_failures = [var.ami_id]
}

run "a_type_that_is_named_twice_is_refused" {
  command = plan

  variables {
    other_instance_types = ["t3.micro"]
  }

  expect_failures = [var.other_instance_types]
}

run "more_types_than_a_group_takes_are_refused" {
  command = plan

  variables {
    other_instance_types = [for number in range(40) : "t${number}.micro"]
  }

  expect_failures = [var.other_instance_types]
}

run "a_share_above_the_whole_is_refused" {
  command = plan

  variables {
    spot_percent = 101
  }

  expect_failures = [var.spot_percent]
}

run "half_an_instance_on_demand_is_refused" {
  command = plan

  variables {
    on_demand_base = 0.5
  }

  expect_failures = [var.on_demand_base]
}

run "fewer_than_no_instances_are_refused" {
  command = plan

  variables {
    min_size = -1
  }

  expect_failures = [var.min_size]
}

run "bounds_that_cross_are_refused" {
  command = plan

  variables {
    min_size     = 3
    desired_size = 3
  }

  expect_failures = [var.max_size]
}

run "a_load_that_leaves_no_room_is_refused" {
  command = plan

  variables {
    target_cpu_percent = 95
  }

  expect_failures = [var.target_cpu_percent]
}

run "a_retention_that_cloudwatch_lacks_is_refused" {
  command = plan

  variables {
    log_retention_days = 42
  }

  expect_failures = [var.log_retention_days]
}
