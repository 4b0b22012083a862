mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
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

  mock_data "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:shop/payment-AbCdEf" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-1:111111111111:log-group:mock" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111111111111:role/mock" }
  }

  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:ap-northeast-1:111111111111:task-definition/mock:1" }
  }

  mock_data "aws_ecs_task_definition" {
    defaults = { id = "arn:aws:ecs:ap-northeast-1:111111111111:task-definition/mock:1" }
  }

  mock_resource "aws_lb_listener_rule" {
    defaults = { arn = "arn:aws:elasticloadbalancing:ap-northeast-1:111111111111:listener-rule/app/mock/0/0/0" }
  }
}

override_resource {
  target = aws_lb_target_group.this["blue"]
  values = {
    arn        = "arn:aws:elasticloadbalancing:ap-northeast-1:111111111111:targetgroup/blue/0123456789abcdef"
    arn_suffix = "targetgroup/blue/0123456789abcdef"
  }
}

override_resource {
  target = aws_lb_target_group.this["green"]
  values = {
    arn        = "arn:aws:elasticloadbalancing:ap-northeast-1:111111111111:targetgroup/green/0123456789abcdef"
    arn_suffix = "targetgroup/green/0123456789abcdef"
  }
}

variables {
  project               = "shop"
  environment           = "dev"
  name                  = "web"
  vpc_id                = "vpc-0123456789abcdef0"
  subnet_ids            = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]
  image                 = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web@sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"
  listener_arn          = "arn:aws:elasticloadbalancing:ap-northeast-1:111111111111:listener/app/shop-dev/0123456789abcdef/0123456789abcdef"
  alb_security_group_id = "sg-0aaaaaaaaaaaaaaaa"
}

run "at_rest_one_colour_runs_and_gets_all_requests" {
  assert {
    condition     = keys(aws_ecs_service.this) == ["blue"] && keys(aws_ecs_task_definition.this) == ["blue"]
    error_message = "One service, and no other."
  }

  assert {
    condition     = [for group in aws_lb_listener_rule.this[0].action[0].forward[0].target_group : group.weight if group.weight != 0] == [100]
    error_message = "All requests go one way."
  }

  assert {
    condition     = output.service_name == aws_ecs_service.this["blue"].name && output.color == "blue" && output.image == var.image
    error_message = "Those who watch the service know which one."
  }

  assert {
    condition     = keys(output.target_group_arn_suffixes) == ["blue", "green"]
    error_message = "Both colours have their target group at all times."
  }
}

run "a_container_is_hardened" {
  command = plan

  variables {
    app_environment = { LOG_LEVEL = "debug" }
  }

  assert {
    condition     = length(jsondecode(aws_ecs_task_definition.this["blue"].container_definitions)) == 1 && jsondecode(aws_ecs_task_definition.this["blue"].container_definitions)[0].image == var.image
    error_message = "The image is the one that was tested."
  }

  assert {
    condition = alltrue([for container in jsondecode(aws_ecs_task_definition.this["blue"].container_definitions) :
      container.readonlyRootFilesystem && !container.privileged && container.linuxParameters.initProcessEnabled && container.linuxParameters.capabilities.drop == ["ALL"]
    ])
    error_message = "Nothing to write to, no privileges, no capabilities, an init."
  }

  assert {
    condition = jsondecode(aws_ecs_task_definition.this["blue"].container_definitions)[0].environment == [
      { name = "ENVIRONMENT", value = "dev" }, { name = "LOG_LEVEL", value = "debug" }, { name = "PORT", value = "8080" }, { name = "PROJECT", value = "shop" },
    ]
    error_message = "The settings are its environment, with where it is and its port."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["blue"].container_definitions)[0].logConfiguration.options.awslogs-group == "/shop/dev/web"
    error_message = "It writes to its log group."
  }

  assert {
    condition     = !contains(keys(jsondecode(aws_ecs_task_definition.this["blue"].container_definitions)[0]), "healthCheck")
    error_message = "Without a command of its own, the load balancer checks."
  }

  assert {
    condition     = aws_ecs_task_definition.this["blue"].network_mode == "awsvpc" && aws_ecs_task_definition.this["blue"].requires_compatibilities == toset(["FARGATE"])
    error_message = "Fargate."
  }
}

run "the_container_says_itself_whether_it_is_well" {
  command = plan

  variables {
    health_check_command       = ["CMD", "/app/health"]
    health_check_grace_seconds = 90
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["blue"].container_definitions)[0].healthCheck.command == ["CMD", "/app/health"] && jsondecode(aws_ecs_task_definition.this["blue"].container_definitions)[0].healthCheck.startPeriod == 90
    error_message = "With the command and the time given."
  }

  assert {
    condition     = aws_ecs_service.this["blue"].health_check_grace_period_seconds == 90
    error_message = "The load balancer gives it as long."
  }
}

run "a_deployment_that_fails_goes_back" {
  command = plan

  assert {
    condition     = aws_ecs_service.this["blue"].deployment_circuit_breaker[0].enable && aws_ecs_service.this["blue"].deployment_circuit_breaker[0].rollback
    error_message = "The circuit breaker rolls back."
  }

  assert {
    condition     = aws_ecs_service.this["blue"].deployment_minimum_healthy_percent == 100 && aws_ecs_service.this["blue"].wait_for_steady_state
    error_message = "New tasks are well before old ones go, and the apply waits for it."
  }

  assert {
    condition     = !aws_ecs_service.this["blue"].network_configuration[0].assign_public_ip && aws_ecs_service.this["blue"].enable_execute_command != true
    error_message = "No public address, and no shell in a container."
  }
}

run "only_the_load_balancer_gets_in_and_only_https_gets_out" {
  command = plan

  assert {
    condition     = one(aws_security_group.this.ingress).to_port == 8080 && one(aws_security_group.this.ingress).security_groups == toset([var.alb_security_group_id]) && one(aws_security_group.this.ingress).cidr_blocks == null
    error_message = "The load balancer, on the port of the service."
  }

  assert {
    condition     = one(aws_security_group.this.egress).to_port == 443
    error_message = "HTTPS is the only way out."
  }
}

run "settings_open_ways_out" {
  command = plan

  variables {
    egress = [{ description = "Cache", port = 6379, cidrs = ["10.10.0.0/16"] }]
  }

  assert {
    condition     = toset([for rule in aws_security_group.this.egress : rule.to_port]) == toset([443, 6379])
    error_message = "The cache may be reached besides HTTPS."
  }
}

run "the_database_brings_its_secret_and_its_group" {
  variables {
    database_secret_arn        = "arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:shop/database-AbCdEf"
    database_security_group_id = "sg-0bbbbbbbbbbbbbbbb"
  }

  assert {
    condition = jsondecode(aws_ecs_task_definition.this["blue"].container_definitions)[0].secrets == [
      { name = "DATABASE_SECRET", valueFrom = "arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:shop/database-AbCdEf" }
    ]
    error_message = "The login is handed over by name."
  }

  assert {
    condition     = contains(aws_ecs_service.this["blue"].network_configuration[0].security_groups, "sg-0bbbbbbbbbbbbbbbb") && length(aws_ecs_service.this["blue"].network_configuration[0].security_groups) == 2
    error_message = "The tasks are clients of the database."
  }

  assert {
    condition = [for statement in data.aws_iam_policy_document.execution.statement : statement.resources if statement.sid == "ReadSecrets"] == [
      toset(["arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:shop/database-AbCdEf"])
    ]
    error_message = "ECS reads this secret, and no other."
  }
}

run "a_secret_is_found_by_its_name" {
  variables {
    service_secrets = { PAYMENT_KEY = "shop/payment" }
  }

  assert {
    condition = jsondecode(aws_ecs_task_definition.this["blue"].container_definitions)[0].secrets == [
      { name = "PAYMENT_KEY", valueFrom = "arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:shop/payment-AbCdEf" }
    ]
    error_message = "The container gets what the name stands for."
  }

  assert {
    condition = [for statement in data.aws_iam_policy_document.execution.statement : [for condition in statement.condition : condition.variable] if statement.sid == "DecryptSecrets"] == [
      ["kms:EncryptionContext:SecretARN", "kms:ViaService"]
    ]
    error_message = "Keys open these secrets only."
  }
}

run "roles_may_do_what_they_must_and_no_more" {
  assert {
    condition = { for statement in data.aws_iam_policy_document.execution.statement : statement.sid => one(statement.resources) } == {
      WriteLogs       = "arn:aws:logs:ap-northeast-1:111111111111:log-group:mock:*"
      PullImage       = "arn:aws:ecr:ap-northeast-1:111111111111:repository/shop/web"
      LogInToRegistry = "*"
    }
    error_message = "One log group, one repository, no secret."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.assume.statement[0].condition).variable == "aws:SourceAccount"
    error_message = "ECS uses the roles for this account only."
  }

  assert {
    condition     = aws_iam_role.task.name == "shop-dev-web-task" && aws_iam_role.execution.name == "shop-dev-web-execution"
    error_message = "The application has a role of its own."
  }
}

run "an_image_elsewhere_needs_no_login" {
  variables {
    image = "public.ecr.aws/nginx/nginx@sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.execution.statement : statement.sid] == ["WriteLogs"]
    error_message = "No permission for what is public."
  }
}

run "spot_takes_its_share" {
  command = plan

  variables {
    fargate_spot_weight = 3
    fargate_base        = 1
  }

  assert {
    condition = { for each in aws_ecs_service.this["blue"].capacity_provider_strategy : each.capacity_provider => [each.weight, each.base] } == {
      FARGATE = [1, 1], FARGATE_SPOT = [3, 0]
    }
    error_message = "One task for sure, then three of four on Spot."
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack.cluster.template_body).Resources.Cluster.Properties.CapacityProviders == ["FARGATE", "FARGATE_SPOT"]
    error_message = "The cluster knows both."
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack.cluster.template_body).Resources.Cluster.Properties.ClusterSettings == [{ Name = "containerInsights", Value = "enabled" }]
    error_message = "The cluster is measured."
  }
}

run "spot_alone_runs_nothing_else" {
  command = plan

  variables {
    fargate_weight      = 0
    fargate_spot_weight = 1
  }

  assert {
    condition     = [for each in aws_ecs_service.this["blue"].capacity_provider_strategy : each.capacity_provider] == ["FARGATE_SPOT"]
    error_message = "Nothing but Spot."
  }

  assert {
    condition     = aws_ecs_service.this["blue"].name != "web-blue-0d1d"
    error_message = "Other capacity is another service, so that the new one starts before the old one stops."
  }
}

run "it_scales_by_processor" {
  variables {
    task_min           = 2
    task_max           = 10
    target_cpu_percent = 50
  }

  assert {
    condition     = aws_appautoscaling_target.this["blue"].min_capacity == 2 && aws_appautoscaling_target.this["blue"].max_capacity == 10
    error_message = "Within the bounds given."
  }

  assert {
    condition     = aws_appautoscaling_target.this["blue"].resource_id == "service/shop-dev-web/${aws_ecs_service.this["blue"].name}"
    error_message = "The service, and no other."
  }

  assert {
    condition     = aws_appautoscaling_policy.cpu["blue"].target_tracking_scaling_policy_configuration[0].target_value == 50 && length(aws_appautoscaling_policy.requests) == 0
    error_message = "By processor alone."
  }

  assert {
    condition     = length(aws_appautoscaling_scheduled_action.down) == 0 && length(aws_appautoscaling_scheduled_action.up) == 0
    error_message = "It never sleeps unless it is told to."
  }
}

run "it_scales_by_requests_too" {
  variables {
    target_requests_per_minute = 600
    alb_arn_suffix             = "app/shop-dev/0123456789abcdef"
  }

  assert {
    condition     = aws_appautoscaling_policy.requests["blue"].target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].resource_label == "app/shop-dev/0123456789abcdef/targetgroup/blue/0123456789abcdef"
    error_message = "Those that this service gets from this load balancer."
  }
}

run "it_sleeps_and_wakes_up" {
  command = plan

  variables {
    sleep    = { down = "0 11 ? * MON-FRI *", up = "0 23 ? * SUN-THU *" }
    task_min = 2
  }

  assert {
    condition     = aws_appautoscaling_scheduled_action.down["blue"].schedule == "cron(0 11 ? * MON-FRI *)" && tonumber(aws_appautoscaling_scheduled_action.down["blue"].scalable_target_action[0].max_capacity) == 0
    error_message = "Down to nothing."
  }

  assert {
    condition     = aws_appautoscaling_scheduled_action.up["blue"].schedule == "cron(0 23 ? * SUN-THU *)" && tonumber(aws_appautoscaling_scheduled_action.up["blue"].scalable_target_action[0].min_capacity) == 2
    error_message = "And up again."
  }
}

run "traffic_is_shared_between_two_images" {
  variables {
    color           = "green"
    traffic_percent = 10
    stable_image    = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web@sha256:9c2e7b51d04a8f63b7e195d2c08a46f31e7d9b5a20c84f6e3b1d7a9058c2e4f6"
  }

  assert {
    condition     = { for color, task in aws_ecs_task_definition.this : color => jsondecode(task.container_definitions)[0].image } == { blue = var.stable_image, green = var.image }
    error_message = "The new image runs beside the old one."
  }

  assert {
    condition     = local.weights == { blue = 90, green = 10 } && toset([for group in aws_lb_listener_rule.this[0].action[0].forward[0].target_group : group.weight]) == toset([10, 90])
    error_message = "One request of ten goes to the new one."
  }

  assert {
    condition     = output.service_name == aws_ecs_service.this["green"].name && keys(output.service_names) == ["blue", "green"]
    error_message = "The colour that runs image is the one to watch."
  }
}

run "an_arm64_task_is_the_same_but_for_its_processor" {
  variables {
    architecture         = "arm64"
    app_environment      = { LOG_LEVEL = "debug" }
    health_check_command = ["CMD", "/app/health"]
  }

  assert {
    condition     = length(aws_ecs_task_definition.this) == 0 && aws_ecs_service.this["blue"].task_definition == data.aws_ecs_task_definition.arm64["blue"].id
    error_message = "The service runs what the stack defines."
  }

  assert {
    condition = { for key, value in jsondecode(aws_cloudformation_stack.arm64["blue"].template_body).Resources.Task.Properties : key => value if contains(["RuntimePlatform", "Cpu", "NetworkMode"], key) } == {
      RuntimePlatform = { CpuArchitecture = "ARM64", OperatingSystemFamily = "LINUX" }, Cpu = "256", NetworkMode = "awsvpc"
    }
    error_message = "For arm64."
  }

  assert {
    condition = alltrue([for container in jsondecode(aws_cloudformation_stack.arm64["blue"].template_body).Resources.Task.Properties.ContainerDefinitions :
      container.Image == var.image && container.ReadonlyRootFilesystem && !container.Privileged &&
      container.LinuxParameters == { InitProcessEnabled = true, Capabilities = { Drop = ["ALL"] } } &&
      container.Environment == [
        { Name = "ENVIRONMENT", Value = "dev" }, { Name = "LOG_LEVEL", Value = "debug" }, { Name = "PORT", Value = "8080" }, { Name = "PROJECT", Value = "shop" },
      ] &&
      container.LogConfiguration.Options["awslogs-group"] == "/shop/dev/web" &&
      container.HealthCheck.Command == ["CMD", "/app/health"]
    ])
    error_message = "As hardened as any."
  }
}

run "a_worker_takes_no_requests" {
  variables {
    worker                = true
    listener_arn          = null
    alb_security_group_id = null
  }

  assert {
    condition     = length(aws_lb_target_group.this) == 0 && length(aws_lb_listener_rule.this) == 0 && length(aws_lb_listener_rule.parked) == 0
    error_message = "Nothing at the load balancer."
  }

  assert {
    condition     = tolist(one(aws_security_group.this.ingress).cidr_blocks) == tolist(["127.0.0.1/32"]) && one(aws_security_group.this.ingress).security_groups == null
    error_message = "Nobody gets in."
  }

  assert {
    condition     = length(jsondecode(aws_ecs_task_definition.this["blue"].container_definitions)[0].portMappings) == 0
    error_message = "Nothing is listened on."
  }

  assert {
    condition     = output.listener_rule_arn == null && output.target_group_arn_suffix == null && length(aws_ecs_service.this["blue"].load_balancer) == 0
    error_message = "And it says so."
  }
}

run "long_names_are_cut_and_stay_apart" {
  command = plan

  variables {
    project     = "a-project-of-20-char"
    environment = "another-of-20-chars1"
    name        = "a-service-of-20-char"
  }

  assert {
    condition     = length(aws_iam_role.execution.name) <= 64 && can(regex("-[0-9a-f]{6}-execution$", aws_iam_role.execution.name))
    error_message = "A name that AWS takes, and of its own."
  }
}

run "sharing_without_a_second_image_is_refused" {
  command = plan

  variables {
    traffic_percent = 10
  }

  expect_failures = [var.traffic_percent]
}

run "a_share_of_more_than_all_is_refused" {
  command = plan

  variables {
    traffic_percent = 101
  }

  expect_failures = [var.traffic_percent]
}

run "a_stable_image_by_tag_is_refused" {
  command = plan

  variables {
    stable_image = "public.ecr.aws/nginx/nginx:1.29"
  }

  expect_failures = [var.stable_image]
}

run "an_image_by_tag_is_refused" {
  command = plan

  variables {
    image = "public.ecr.aws/nginx/nginx:1.29"
  }

  expect_failures = [var.image]
}

run "a_third_colour_is_refused" {
  command = plan

  variables {
    color = "red"
  }

  expect_failures = [var.color]
}

run "a_service_without_a_load_balancer_is_refused" {
  command = plan

  variables {
    listener_arn          = null
    alb_security_group_id = null
  }

  expect_failures = [var.listener_arn, var.alb_security_group_id]
}

run "a_worker_with_a_load_balancer_is_refused" {
  command = plan

  variables {
    worker = true
  }

  expect_failures = [var.listener_arn, var.alb_security_group_id]
}

run "counting_requests_of_nobody_is_refused" {
  command = plan

  variables {
    target_requests_per_minute = 600
  }

  expect_failures = [aws_appautoscaling_policy.requests]
}

run "a_target_of_no_requests_is_refused" {
  command = plan

  variables {
    target_requests_per_minute = 0
    alb_arn_suffix             = "app/shop-dev/0123456789abcdef"
  }

  expect_failures = [var.target_requests_per_minute]
}

run "a_place_beyond_the_list_is_refused" {
  command = plan

  variables {
    listener_priority = 30000
  }

  expect_failures = [var.listener_priority]
}

run "a_path_without_a_slash_is_refused" {
  command = plan

  variables {
    path_patterns = ["api/*"]
  }

  expect_failures = [var.path_patterns]
}

run "a_health_check_without_a_slash_is_refused" {
  command = plan

  variables {
    health_check_path = "healthz"
  }

  expect_failures = [var.health_check_path]
}

run "a_health_check_that_is_no_command_is_refused" {
  command = plan

  variables {
    health_check_command = ["/app/health"]
  }

  expect_failures = [var.health_check_command]
}

run "a_start_before_time_is_refused" {
  command = plan

  variables {
    health_check_grace_seconds = -1
  }

  expect_failures = [var.health_check_grace_seconds]
}

run "a_port_that_is_none_is_refused" {
  command = plan

  variables {
    app_port = 70000
  }

  expect_failures = [var.app_port]
}

run "a_value_of_two_lines_is_refused" {
  command = plan

  variables {
    app_environment = { LOG_LEVEL = "debug\nADMIN=yes" }
  }

  expect_failures = [var.app_environment]
}

run "a_secret_that_is_a_value_is_refused" {
  command = plan

  variables {
    service_secrets = { PAYMENT_KEY = "not a name" }
  }

  expect_failures = [var.service_secrets]
}

run "a_secret_beside_a_value_of_its_name_is_refused" {
  command = plan

  variables {
    service_secrets = { LOG_LEVEL = "shop/level" }
    app_environment = { LOG_LEVEL = "debug" }
  }

  expect_failures = [var.service_secrets]
}

run "a_way_out_to_no_range_is_refused" {
  command = plan

  variables {
    egress = [{ description = "Cache", port = 6379, cidrs = ["cache"] }]
  }

  expect_failures = [var.egress]
}

run "a_processor_that_fargate_does_not_offer_is_refused" {
  command = plan

  variables {
    task_cpu    = 300
    task_memory = 1024
  }

  expect_failures = [var.task_cpu]
}

run "memory_that_fargate_does_not_offer_is_refused" {
  command = plan

  variables {
    task_cpu    = 1024
    task_memory = 1024
  }

  expect_failures = [var.task_memory]
}

run "memory_that_fargate_offers_is_taken" {
  command = plan

  variables {
    task_cpu    = 4096
    task_memory = 30720
  }

  assert {
    condition     = aws_ecs_task_definition.this["blue"].memory == "30720"
    error_message = "The largest for four processors."
  }
}

run "no_task_at_all_is_refused" {
  command = plan

  variables {
    task_min = 0
  }

  expect_failures = [var.task_min]
}

run "bounds_upside_down_are_refused" {
  command = plan

  variables {
    task_min = 3
    task_max = 2
  }

  expect_failures = [var.task_max]
}

run "a_target_that_never_scales_is_refused" {
  command = plan

  variables {
    target_cpu_percent = 100
  }

  expect_failures = [var.target_cpu_percent]
}

run "a_sleep_that_is_no_time_is_refused" {
  command = plan

  variables {
    sleep = { down = "at night", up = "0 23 ? * SUN-THU *" }
  }

  expect_failures = [var.sleep]
}

run "no_capacity_at_all_is_refused" {
  command = plan

  variables {
    fargate_weight = 0
  }

  expect_failures = [var.fargate_weight]
}

run "a_negative_share_of_spot_is_refused" {
  command = plan

  variables {
    fargate_spot_weight = -1
    fargate_weight      = 2
  }

  expect_failures = [var.fargate_spot_weight]
}

run "half_a_task_is_refused" {
  command = plan

  variables {
    fargate_base = 0.5
  }

  expect_failures = [var.fargate_base]
}

run "a_processor_of_another_kind_is_refused" {
  command = plan

  variables {
    architecture = "riscv"
  }

  expect_failures = [var.architecture]
}

run "a_service_without_subnets_is_refused" {
  command = plan

  variables {
    subnet_ids = []
  }

  expect_failures = [var.subnet_ids]
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

run "a_name_in_capitals_is_refused" {
  command = plan

  variables {
    name = "Web"
  }

  expect_failures = [var.name]
}
