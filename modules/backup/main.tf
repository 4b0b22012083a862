data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name      = "${var.project}-${var.environment}"
  partition = data.aws_partition.current.partition

  rules = merge(
    {
      daily = {
        schedule  = "cron(0 ${var.backup_hour_utc} ? * * *)"
        keep      = var.backup_keep_days
        copy_keep = var.copy_keep_days
      }
    },
    var.backup_monthly_keep_days == null ? {} : {
      monthly = {
        schedule  = "cron(0 ${var.backup_hour_utc} 1 * ? *)"
        keep      = var.backup_monthly_keep_days
        copy_keep = var.backup_monthly_keep_days
      }
    },
  )

  # A locked vault turns down what would be kept too short, at night, when the backup is made.
  shortest = min([for rule in values(local.rules) : var.copy_to_vault_arn == null ? rule.keep : min(rule.keep, rule.copy_keep)]...)
}

module "vault" {
  source = "../backup_vault"

  project                     = var.project
  environment                 = var.environment
  vault_name                  = "backups"
  vault_lock                  = var.vault_lock
  vault_lock_days             = var.vault_lock_days
  vault_lock_final_after_days = var.vault_lock_final_after_days
}

resource "aws_backup_plan" "this" {
  name = local.name

  dynamic "rule" {
    for_each = local.rules

    content {
      rule_name         = rule.key
      target_vault_name = module.vault.vault_name
      schedule          = rule.value.schedule
      # Minutes: a backup that has not begun after one hour, or not ended after six, is a failure that somebody hears of.
      start_window      = 60
      completion_window = 360

      recovery_point_tags = {
        environment = var.environment
        project     = var.project
        rule        = rule.key
      }

      lifecycle {
        delete_after = rule.value.keep
      }

      dynamic "copy_action" {
        for_each = var.copy_to_vault_arn == null ? [] : [var.copy_to_vault_arn]

        content {
          destination_vault_arn = copy_action.value

          lifecycle {
            delete_after = rule.value.copy_keep
          }
        }
      }
    }
  }

  tags = { Name = local.name }

  lifecycle {
    precondition {
      condition     = !var.vault_lock || local.shortest >= var.vault_lock_days
      error_message = "A locked vault takes no backup that is kept shorter than vault_lock_days (${var.vault_lock_days}): raise backup_keep_days, backup_monthly_keep_days and copy_keep_days to that, or lower it."
    }
  }
}

resource "aws_backup_selection" "tagged" {
  name         = "tagged"
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.backup.arn

  selection_tag {
    type  = "STRINGEQUALS"
    key   = "backup"
    value = "daily"
  }

  # The first backup may start right away.
  depends_on = [aws_iam_role_policy_attachment.backup]
}
