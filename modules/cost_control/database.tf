locals {
  documents = { down = "AWS-StopRdsInstance", up = "AWS-StartRdsInstance" }
  # They belong to AWS: their ARNs hold no account.
  aws_documents = "arn:${local.partition}:ssm:${local.region}:"
}

resource "aws_cloudwatch_event_rule" "database" {
  for_each = local.databases

  name                = "${local.name}-database-${each.key}"
  description         = each.key == "down" ? "Stops the database of ${local.name} for the night." : "Starts the database of ${local.name} for the day."
  schedule_expression = "cron(${local.when[each.key]})"

  tags = { Name = "${local.name}-database-${each.key}" }
}

resource "aws_cloudwatch_event_target" "database" {
  for_each = local.databases

  rule      = aws_cloudwatch_event_rule.database[each.key].name
  target_id = "automation"
  arn       = "${local.aws_documents}:automation-definition/${local.documents[each.key]}:$DEFAULT"
  role_arn  = aws_iam_role.schedule[0].arn

  input = jsonencode({
    AutomationAssumeRole = [aws_iam_role.automation[0].arn]
    InstanceId           = [var.database_identifier]
  })

  depends_on = [aws_iam_role_policy.schedule, aws_iam_role_policy.automation]
}

# Two roles, so that neither can do both: one starts the automation, the other one touches the database.
data "aws_iam_policy_document" "assume" {
  for_each = toset(["events", "ssm"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }

    # Keeps the service from using the role on behalf of another account (confused deputy).
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "schedule" {
  count = length(local.databases) > 0 ? 1 : 0

  name               = "${local.name}-database-schedule"
  description        = "Lets EventBridge start the automation that stops and starts one database."
  assume_role_policy = data.aws_iam_policy_document.assume["events"].json
}

data "aws_iam_policy_document" "schedule" {
  count = length(local.databases) > 0 ? 1 : 0

  # AWS checks the document under the one name or the other, and the execution, whose id nobody knows beforehand.
  statement {
    actions = ["ssm:StartAutomationExecution"]
    resources = concat(
      [for document in values(local.documents) : "${local.aws_documents}:automation-definition/${document}:*"],
      [for document in values(local.documents) : "${local.aws_documents}:document/${document}"],
      ["arn:${local.partition}:ssm:${local.region}:${local.account}:automation-execution/*"],
    )
  }

  statement {
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.automation[0].arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ssm.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "schedule" {
  count = length(local.databases) > 0 ? 1 : 0

  name   = "start-automation"
  role   = aws_iam_role.schedule[0].id
  policy = data.aws_iam_policy_document.schedule[0].json
}

resource "aws_iam_role" "automation" {
  count = length(local.databases) > 0 ? 1 : 0

  name               = "${local.name}-database-automation"
  description        = "Stops and starts one database."
  assume_role_policy = data.aws_iam_policy_document.assume["ssm"].json
}

data "aws_iam_policy_document" "automation" {
  count = length(local.databases) > 0 ? 1 : 0

  statement {
    actions   = ["rds:DescribeDBInstances", "rds:StartDBInstance", "rds:StopDBInstance"]
    resources = ["arn:${local.partition}:rds:${local.region}:${local.account}:db:${var.database_identifier}"]
  }
}

resource "aws_iam_role_policy" "automation" {
  count = length(local.databases) > 0 ? 1 : 0

  name   = "stop-and-start"
  role   = aws_iam_role.automation[0].id
  policy = data.aws_iam_policy_document.automation[0].json
}
