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

  mock_data "aws_subnet" {
    defaults = { cidr_block = "10.10.0.0/24" }
  }

  mock_resource "aws_kms_key" {
    defaults = {
      arn    = "arn:aws:kms:ap-northeast-1:111111111111:key/1a2b3c4d-0000-0000-0000-000000000000"
      key_id = "1a2b3c4d-0000-0000-0000-000000000000"
    }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:ap-northeast-1:111111111111:secret:mock" }
  }
}

variables {
  project                 = "shop"
  environment             = "dev"
  vpc_id                  = "vpc-0123456789abcdef0"
  subnet_ids              = ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"]
  database_instance_class = "db.t4g.micro"
}

run "nobody_reaches_it_but_its_clients" {
  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.vpc_security_group_ids == toset([aws_security_group.this.id])
    error_message = "The database is private, and in its own group only."
  }

  assert {
    condition     = toset(aws_db_subnet_group.this.subnet_ids) == toset(var.subnet_ids) && aws_db_instance.this.db_subnet_group_name == aws_db_subnet_group.this.name
    error_message = "It lies in the subnets given."
  }

  assert {
    condition = alltrue([for rule in aws_security_group.this.ingress :
      rule.from_port == 5432 && rule.to_port == 5432 && rule.security_groups == toset([aws_security_group.client.id]) && length(coalesce(rule.cidr_blocks, [])) == 0
    ]) && length(aws_security_group.this.ingress) == 1
    error_message = "The only way in is from the client group."
  }

  assert {
    condition = alltrue([for rule in aws_security_group.client.egress :
      rule.from_port == 5432 && rule.to_port == 5432 && toset(rule.cidr_blocks) == toset(["10.10.0.0/24"])
    ]) && length(aws_security_group.client.egress) == 1 && output.client_security_group_id == aws_security_group.client.id
    error_message = "Members of the client group may go to the data subnets."
  }
}

run "everything_is_encrypted_with_a_key_that_rotates" {
  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key rotates."
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == output.kms_key_arn && aws_db_instance.this.performance_insights_kms_key_id == output.kms_key_arn && aws_secretsmanager_secret.this.kms_key_id == output.kms_key_arn
    error_message = "Storage, performance insights and secret share the module's key."
  }

  assert {
    condition     = { for p in aws_db_parameter_group.this.parameter : p.name => p.value } == { "rds.force_ssl" = "1" } && aws_db_instance.this.parameter_group_name == aws_db_parameter_group.this.name
    error_message = "Connections without TLS are refused."
  }
}

run "it_is_kept_and_backed_up_by_default" {
  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.final_snapshot_identifier == "shop-dev-database-final-1a2b3c4d"
    error_message = "AWS refuses to delete it, and a last snapshot stays."
  }

  assert {
    condition     = aws_db_instance.this.backup_retention_period == 7 && aws_db_instance.this.copy_tags_to_snapshot && aws_db_instance.this.tags.backup == "daily"
    error_message = "Automatic backups, and the tag that AWS Backup selects by."
  }

  assert {
    condition     = !aws_db_instance.this.multi_az
    error_message = "A standby is a setting."
  }
}

run "settings_make_it_small_or_safe" {
  command = plan

  variables {
    multi_az                = true
    deletion_protection     = false
    database_final_snapshot = false
    database_backup_days    = 35
    database_storage_gb     = 100
    database_max_storage_gb = 1000
  }

  assert {
    condition     = aws_db_instance.this.multi_az && aws_db_instance.this.backup_retention_period == 35
    error_message = "A standby, and five weeks of backups."
  }

  assert {
    condition     = aws_db_instance.this.allocated_storage == 100 && aws_db_instance.this.max_allocated_storage == 1000
    error_message = "Storage grows by itself."
  }

  assert {
    condition     = !aws_db_instance.this.deletion_protection && aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.final_snapshot_identifier == null
    error_message = "An environment may come and go."
  }
}

run "without_protection_a_last_snapshot_still_stays" {
  variables {
    deletion_protection = false
  }

  assert {
    condition     = !aws_db_instance.this.skip_final_snapshot
    error_message = "Protection has to be taken off before a database can go at all."
  }
}

run "logs_are_exported_and_end" {
  variables {
    log_retention_days = 90
  }

  assert {
    condition     = toset(aws_db_instance.this.enabled_cloudwatch_logs_exports) == toset(["postgresql", "upgrade"])
    error_message = "Both logs go to CloudWatch."
  }

  assert {
    condition     = output.log_group_names == { postgresql = "/aws/rds/instance/shop-dev-database/postgresql", upgrade = "/aws/rds/instance/shop-dev-database/upgrade" } && alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 90])
    error_message = "They go where RDS writes to, and are kept as long as asked."
  }
}

run "what_the_machine_does_is_told_once_a_minute" {
  assert {
    condition     = aws_db_instance.this.monitoring_interval == 60 && aws_db_instance.this.monitoring_role_arn == aws_iam_role.monitoring.arn
    error_message = "With the role that is made for it."
  }

  assert {
    condition     = aws_iam_role_policy_attachment.monitoring.role == aws_iam_role.monitoring.name && aws_iam_role_policy_attachment.monitoring.policy_arn == "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    error_message = "The role may write logs, and nothing else."
  }

  assert {
    condition = { for condition in data.aws_iam_policy_document.monitoring_assume.statement[0].condition : condition.variable => one(condition.values) } == {
      "aws:SourceAccount" = "111111111111"
      "aws:SourceArn"     = "arn:aws:rds:*:111111111111:db:shop-dev-database"
    }
    error_message = "RDS takes the role for this database alone."
  }
}

run "a_name_never_has_two_hyphens_in_a_row" {
  command = plan

  variables {
    project = "shop-"
  }

  assert {
    condition     = aws_db_instance.this.identifier == "shop-dev-database"
    error_message = "RDS refuses two hyphens in a row."
  }
}

run "a_password_is_made" {
  state_key = "password"

  assert {
    condition     = length(aws_db_instance.this.password) == 36 && jsondecode(aws_secretsmanager_secret_version.this.secret_string).password == aws_db_instance.this.password
    error_message = "The secret holds the password of the database."
  }

  assert {
    condition     = toset(keys(jsondecode(aws_secretsmanager_secret_version.this.secret_string))) == toset(["engine", "host", "port", "username", "password", "dbname"])
    error_message = "The secret holds all that a connection needs."
  }

  assert {
    condition     = issensitive(terraform_data.password["1"].triggers_replace)
    error_message = "No plan shows the password."
  }

  assert {
    condition     = terraform_data.password["1"].input == null && terraform_data.password["1"].output == null
    error_message = "A plan that destroys shows what is in output."
  }
}

# A password that were made anew would be unknown in a plan, and fail the run.
run "a_password_stays" {
  command   = plan
  state_key = "password"

  assert {
    condition     = length(aws_db_instance.this.password) == 36
    error_message = "The password is the one that was made."
  }
}

run "a_raised_version_makes_another_password" {
  state_key = "password"

  variables {
    database_password_version = 2
  }

  assert {
    condition     = keys(terraform_data.password) == ["2"] && length(aws_db_instance.this.password) == 36
    error_message = "The old one is forgotten."
  }
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

run "a_single_subnet_is_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-0aaaaaaaaaaaaaaaa"]
  }

  expect_failures = [var.subnet_ids]
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

run "storage_below_the_least_of_rds_is_refused" {
  command = plan

  variables {
    database_storage_gb = 10
  }

  expect_failures = [var.database_storage_gb]
}

run "storage_without_room_to_grow_is_refused" {
  command = plan

  variables {
    database_max_storage_gb = 21
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

run "a_backup_window_of_no_day_is_refused" {
  command = plan

  variables {
    database_backup_window = "17:00-25:00"
  }

  expect_failures = [var.database_backup_window]
}

run "a_maintenance_window_without_days_is_refused" {
  command = plan

  variables {
    database_maintenance_window = "18:30-19:30"
  }

  expect_failures = [var.database_maintenance_window]
}

run "a_password_version_below_one_is_refused" {
  command = plan

  variables {
    database_password_version = 0
  }

  expect_failures = [var.database_password_version]
}

run "a_retention_that_cloudwatch_lacks_is_refused" {
  command = plan

  variables {
    log_retention_days = 42
  }

  expect_failures = [var.log_retention_days]
}
