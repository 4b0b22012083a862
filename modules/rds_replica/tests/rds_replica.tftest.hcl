mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_region" {
    defaults = { id = "ap-northeast-3" }
  }

  mock_data "aws_availability_zones" {
    defaults = { names = ["ap-northeast-3a", "ap-northeast-3b", "ap-northeast-3c"] }
  }

  mock_resource "aws_kms_key" {
    defaults = {
      arn    = "arn:aws:kms:ap-northeast-3:111111111111:key/1a2b3c4d-0000-0000-0000-000000000000"
      key_id = "1a2b3c4d-0000-0000-0000-000000000000"
    }
  }
}

variables {
  project                 = "shop"
  environment             = "dev"
  replicate               = true
  replica_of              = "arn:aws:rds:ap-northeast-1:111111111111:db:shop-dev-database"
  database_instance_class = "db.t4g.micro"
}

run "without_replicate_there_is_nothing" {
  variables {
    replicate  = false
    replica_of = null
  }

  assert {
    condition     = length(aws_db_instance.this) + length(aws_vpc.this) + length(aws_subnet.data) + length(aws_kms_key.this) + length(aws_cloudwatch_log_group.this) + length(aws_security_group.this) + length(aws_iam_role.monitoring) == 0
    error_message = "An environment without a replica pays for none."
  }

  assert {
    condition     = output.arn == null && output.endpoint == null && output.vpc_id == null && output.client_security_group_id == null && output.log_group_names == {}
    error_message = "Outputs are null."
  }
}

run "it_follows_the_database_and_is_encrypted_with_a_key_of_its_region" {
  assert {
    condition     = aws_db_instance.this[0].replicate_source_db == var.replica_of && aws_db_instance.this[0].identifier == "shop-dev-database-replica"
    error_message = "It is a replica of what it is told to follow."
  }

  assert {
    condition     = aws_db_instance.this[0].storage_encrypted && aws_db_instance.this[0].kms_key_id == aws_kms_key.this[0].arn && aws_kms_key.this[0].enable_key_rotation && output.kms_key_arn == aws_kms_key.this[0].arn
    error_message = "The key is the module's own, and rotates."
  }

  assert {
    condition     = { for p in aws_db_parameter_group.this[0].parameter : p.name => p.value } == { "rds.force_ssl" = "1" } && aws_db_instance.this[0].parameter_group_name == aws_db_parameter_group.this[0].name
    error_message = "Connections without TLS are refused."
  }

  assert {
    condition     = aws_db_instance.this[0].deletion_protection && aws_db_instance.this[0].skip_final_snapshot
    error_message = "AWS refuses to delete it, and takes no last snapshot of a replica."
  }
}

run "it_lies_in_a_network_of_its_own" {
  variables {
    replica_vpc_cidr = "10.31.0.0/22"
  }

  assert {
    condition     = join(" ", aws_subnet.data[*].cidr_block) == "10.31.0.0/24 10.31.1.0/24" && length(distinct(aws_subnet.data[*].availability_zone)) == 2
    error_message = "Two subnets in two zones."
  }

  assert {
    condition     = aws_vpc.this[0].cidr_block == "10.31.0.0/22" && alltrue([for subnet in aws_subnet.data : subnet.vpc_id == output.vpc_id]) && aws_default_security_group.closed[0].vpc_id == output.vpc_id
    error_message = "The VPC is the module's own, its default group closed."
  }

  assert {
    condition     = !aws_db_instance.this[0].publicly_accessible && aws_db_instance.this[0].db_subnet_group_name == aws_db_subnet_group.this[0].name && aws_db_instance.this[0].vpc_security_group_ids == toset([aws_security_group.this[0].id])
    error_message = "The replica is private."
  }

  assert {
    condition = alltrue([for rule in aws_security_group.this[0].ingress :
      rule.to_port == 5432 && rule.security_groups == toset([aws_security_group.client[0].id]) && length(coalesce(rule.cidr_blocks, [])) == 0
    ]) && length(aws_security_group.this[0].ingress) == 1
    error_message = "The only way in is from the client group."
  }

  assert {
    condition = alltrue([for rule in aws_security_group.client[0].egress :
      rule.to_port == 5432 && toset(rule.cidr_blocks) == toset(["10.31.0.0/24", "10.31.1.0/24"])
    ]) && length(aws_security_group.client[0].egress) == 1 && output.client_security_group_id == aws_security_group.client[0].id
    error_message = "Members of the client group may go to the data subnets."
  }
}

run "logs_are_exported_and_end" {
  variables {
    log_retention_days = 90
  }

  assert {
    condition     = toset(aws_db_instance.this[0].enabled_cloudwatch_logs_exports) == toset(["postgresql", "upgrade"]) && alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 90])
    error_message = "Both logs go to CloudWatch, and are kept as long as asked."
  }

  assert {
    condition     = output.log_group_names.postgresql == "/aws/rds/instance/shop-dev-database-replica/postgresql"
    error_message = "They go where RDS writes to."
  }
}

run "what_the_machine_does_is_told_once_a_minute" {
  assert {
    condition     = aws_db_instance.this[0].monitoring_interval == 60 && aws_db_instance.this[0].monitoring_role_arn == aws_iam_role.monitoring[0].arn
    error_message = "With the role that is made for it."
  }

  assert {
    condition     = aws_iam_role_policy_attachment.monitoring[0].role == aws_iam_role.monitoring[0].name && aws_iam_role_policy_attachment.monitoring[0].policy_arn == "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    error_message = "The role may write logs, and nothing else."
  }

  assert {
    condition = { for condition in data.aws_iam_policy_document.monitoring_assume[0].statement[0].condition : condition.variable => one(condition.values) } == {
      "aws:SourceAccount" = "111111111111"
      "aws:SourceArn"     = "arn:aws:rds:*:111111111111:db:shop-dev-database-replica"
    }
    error_message = "RDS takes the role for this database alone."
  }
}

run "a_replica_asks_for_no_standby_and_no_backups" {
  variables {
    multi_az             = true
    database_backup_days = 14
  }

  assert {
    condition     = !aws_db_instance.this[0].multi_az && aws_db_instance.this[0].backup_retention_period == 0
    error_message = "They are its source's, and settings are for the day of its promotion."
  }
}

run "once_promoted_it_is_kept_like_a_database" {
  variables {
    replica_promoted     = true
    multi_az             = true
    database_backup_days = 14
  }

  assert {
    condition     = aws_db_instance.this[0].replicate_source_db == null && aws_db_instance.this[0].engine_version == "17"
    error_message = "It follows nobody."
  }

  assert {
    condition     = aws_db_instance.this[0].multi_az && aws_db_instance.this[0].backup_retention_period == 14
    error_message = "A standby and backups."
  }

  assert {
    condition     = !aws_db_instance.this[0].skip_final_snapshot && aws_db_instance.this[0].final_snapshot_identifier == "shop-dev-database-replica-final-1a2b3c4d"
    error_message = "A last snapshot stays."
  }
}

run "the_last_snapshot_may_be_left_out" {
  command = plan

  variables {
    replica_promoted        = true
    database_final_snapshot = false
    deletion_protection     = false
  }

  assert {
    condition     = aws_db_instance.this[0].skip_final_snapshot && !aws_db_instance.this[0].deletion_protection
    error_message = "An environment may come and go."
  }
}

run "a_replica_of_nothing_is_refused" {
  command = plan

  variables {
    replica_of = null
  }

  expect_failures = [var.replica_of]
}

run "a_replica_of_what_is_no_database_is_refused" {
  command = plan

  variables {
    replica_of = "shop-dev-database"
  }

  expect_failures = [var.replica_of]
}

run "a_replica_in_the_same_region_is_refused" {
  command = plan

  variables {
    replica_of = "arn:aws:rds:ap-northeast-3:111111111111:db:shop-dev-database"
  }

  expect_failures = [aws_db_instance.this[0]]
}

run "a_project_in_capitals_is_refused" {
  command = plan

  variables {
    project = "Shop"
  }

  expect_failures = [var.project]
}

run "an_environment_in_capitals_is_refused" {
  command = plan

  variables {
    environment = "Dev"
  }

  expect_failures = [var.environment]
}

run "a_range_that_is_too_small_is_refused" {
  command = plan

  variables {
    replica_vpc_cidr = "10.31.0.0/26"
  }

  expect_failures = [var.replica_vpc_cidr]
}

run "a_range_that_starts_in_the_middle_is_refused" {
  command = plan

  variables {
    replica_vpc_cidr = "10.31.0.7/24"
  }

  expect_failures = [var.replica_vpc_cidr]
}

run "a_class_that_is_none_of_databases_is_refused" {
  command = plan

  variables {
    database_instance_class = "t4g.micro"
  }

  expect_failures = [var.database_instance_class]
}

run "a_minor_version_is_refused" {
  command = plan

  variables {
    database_engine_version = "17.2"
  }

  expect_failures = [var.database_engine_version]
}

run "storage_without_room_to_grow_is_refused" {
  command = plan

  variables {
    database_max_storage_gb = 20
  }

  expect_failures = [var.database_max_storage_gb]
}

run "no_backups_at_all_are_refused" {
  command = plan

  variables {
    database_backup_days = 0
  }

  expect_failures = [var.database_backup_days]
}

run "a_retention_that_cloudwatch_lacks_is_refused" {
  command = plan

  variables {
    log_retention_days = 42
  }

  expect_failures = [var.log_retention_days]
}
