data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  name      = "${var.project}-${var.environment}"
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  groups    = var.sleep != null && var.autoscaling_group_name != null ? toset(["down", "up"]) : toset([])
  databases = var.sleep != null && var.database_identifier != null ? toset(["down", "up"]) : toset([])

  when = var.sleep == null ? { down = "", up = "" } : { down = var.sleep.down, up = var.sleep.up }

  # Auto Scaling reads five fields as Unix does, without a year and without the question mark.
  unix_when = { for way, fields in local.when : way => replace(trimsuffix(fields, " *"), "?", "*") }
}

# Only the number of instances that are wanted moves: a schedule that also moved the bounds would be drift twice a day.
resource "aws_autoscaling_schedule" "this" {
  for_each = local.groups

  scheduled_action_name  = "${local.name}-${each.key}"
  autoscaling_group_name = var.autoscaling_group_name
  recurrence             = local.unix_when[each.key]
  desired_capacity       = each.key == "down" ? 0 : var.desired_size
  # -1 leaves them as they are; left out, the provider would send 0.
  min_size = -1
  max_size = -1

  lifecycle {
    precondition {
      condition     = var.min_size == 0
      error_message = "min_size must be 0 where instances sleep: Auto Scaling refuses to go below it, every night, where nobody sees it."
    }
  }
}
