mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111111111111:role/mock" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-northeast-1:111111111111:key/mock" }
  }

  mock_resource "aws_backup_vault_policy" {
    defaults = { backup_vault_arn = "arn:aws:backup:ap-northeast-1:111111111111:backup-vault:shop-prod-backups" }
  }
}

variables {
  project     = "shop"
  environment = "prod"
}

run "every_day_has_a_backup" {
  assert {
    condition     = one(aws_backup_plan.this.rule).schedule == "cron(0 18 ? * * *)" && one(one(aws_backup_plan.this.rule).lifecycle).delete_after == 14
    error_message = "Once a day, for two weeks."
  }

  assert {
    condition     = one(aws_backup_plan.this.rule).target_vault_name == "shop-prod-backups" && output.vault_name == "shop-prod-backups"
    error_message = "In the vault of this environment."
  }

  assert {
    condition     = length(one(aws_backup_plan.this.rule).copy_action) == 0
    error_message = "A copy needs a vault to go to."
  }
}

run "months_and_copies_are_kept_for_as_long_as_asked" {
  command = plan

  variables {
    backup_hour_utc          = 3
    backup_keep_days         = 35
    backup_monthly_keep_days = 365
    copy_to_vault_arn        = "arn:aws:backup:ap-northeast-3:111111111111:backup-vault:shop-prod-copies"
    copy_keep_days           = 90
  }

  assert {
    condition = { for rule in aws_backup_plan.this.rule : rule.rule_name => "${rule.schedule} ${one(rule.lifecycle).delete_after} ${one(one(rule.copy_action).lifecycle).delete_after}" } == {
      daily   = "cron(0 3 ? * * *) 35 90"
      monthly = "cron(0 3 1 * ? *) 365 365"
    }
    error_message = "Each rule keeps its backup and its copy."
  }

  assert {
    condition     = toset([for rule in aws_backup_plan.this.rule : one(rule.copy_action).destination_vault_arn]) == toset([var.copy_to_vault_arn])
    error_message = "Copies go to the other region."
  }
}

run "what_carries_the_tag_is_backed_up" {
  assert {
    condition     = one(aws_backup_selection.tagged.selection_tag).key == "backup" && one(aws_backup_selection.tagged.selection_tag).value == "daily" && aws_backup_selection.tagged.iam_role_arn == aws_iam_role.backup.arn
    error_message = "By tag, with the role made for it."
  }

  assert {
    condition     = one(one(data.aws_iam_policy_document.assume.statement).principals).identifiers == toset(["backup.amazonaws.com"]) && one(one(data.aws_iam_policy_document.assume.statement).condition).values == tolist(["111111111111"])
    error_message = "AWS Backup uses the role, for this account."
  }
}

run "failures_are_told" {
  command = plan

  variables {
    topic_arn = "arn:aws:sns:ap-northeast-1:111111111111:shop-prod-alarms"
  }

  assert {
    condition     = contains(jsondecode(aws_cloudwatch_event_rule.failed[0].event_pattern).detail-type, "Copy Job State Change") && aws_cloudwatch_event_target.failed[0].arn == var.topic_arn
    error_message = "Of copies as well."
  }
}

run "without_a_topic_nobody_is_told" {
  command = plan

  assert {
    condition     = length(aws_cloudwatch_event_rule.failed) == 0
    error_message = "No rule without a target."
  }
}

run "a_locked_vault_takes_backups_that_are_kept_long_enough" {
  command = plan

  variables {
    vault_lock       = true
    vault_lock_days  = 14
    backup_keep_days = 14
    copy_keep_days   = 7
  }

  assert {
    condition     = aws_backup_plan.this.name == "shop-prod"
    error_message = "Copies do not count where there are none."
  }
}

run "backups_that_a_locked_vault_would_turn_down_are_refused" {
  command = plan

  variables {
    vault_lock       = true
    vault_lock_days  = 14
    backup_keep_days = 7
  }

  expect_failures = [aws_backup_plan.this]
}

run "copies_that_a_locked_vault_would_turn_down_are_refused" {
  command = plan

  variables {
    vault_lock        = true
    copy_to_vault_arn = "arn:aws:backup:ap-northeast-3:111111111111:backup-vault:shop-prod-copies"
    copy_keep_days    = 3
  }

  expect_failures = [aws_backup_plan.this]
}

run "values_that_mean_nothing_are_refused" {
  command = plan

  variables {
    backup_hour_utc          = 24
    backup_keep_days         = 0
    backup_monthly_keep_days = 7
    copy_to_vault_arn        = "shop-prod-copies"
    copy_keep_days           = 0
  }

  expect_failures = [
    var.backup_hour_utc, var.backup_keep_days, var.backup_monthly_keep_days, var.copy_to_vault_arn, var.copy_keep_days,
  ]
}

run "a_lock_that_aws_would_not_take_is_refused" {
  command = plan

  variables {
    project                     = "Shop"
    environment                 = "1st"
    vault_lock_days             = 0
    vault_lock_final_after_days = 2
  }

  expect_failures = [var.project, var.environment, var.vault_lock_days, var.vault_lock_final_after_days]
}
