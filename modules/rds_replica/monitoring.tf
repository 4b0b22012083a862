data "aws_caller_identity" "current" {
  count = local.on
}

data "aws_partition" "current" {
  count = local.on
}

data "aws_iam_policy_document" "monitoring_assume" {
  count = local.on

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }

    # Keeps the service from using the role for the database of another account (confused deputy).
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current[0].account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${data.aws_partition.current[0].partition}:rds:*:${data.aws_caller_identity.current[0].account_id}:db:${local.identifier}"]
    }
  }
}

# Metrics tell how busy the machine is as a whole. With this role RDS also tells which of its processes, memory and disks.
resource "aws_iam_role" "monitoring" {
  count = local.on

  name               = "${var.project}-${var.environment}-replica-monitoring"
  description        = "Lets RDS write what the machine of ${local.identifier} does to CloudWatch Logs."
  assume_role_policy = data.aws_iam_policy_document.monitoring_assume[0].json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  count = local.on

  role       = aws_iam_role.monitoring[0].name
  policy_arn = "arn:${data.aws_partition.current[0].partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}
