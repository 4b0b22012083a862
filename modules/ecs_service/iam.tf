locals {
  ecr = { for color, image in local.images : color => regex("^(?P<account>[0-9]{12})\\.dkr\\.ecr\\.(?P<region>[a-z0-9-]+)\\.amazonaws\\.com(?:\\.cn)?/(?P<repository>[^@]+)@", image) if can(regex("^[0-9]{12}\\.dkr\\.ecr\\.", image)) }

  # A role has room for 64 characters. Cut names end in a part of their hash, so that no two of them meet.
  role_name = length(local.full_name) <= 54 ? local.full_name : "${trimsuffix(substr(local.full_name, 0, 47), "-")}-${substr(sha1(local.full_name), 0, 6)}"
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    # Keeps ECS from using the roles on behalf of another account (confused deputy).
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

# What the application may do: nothing, until somebody attaches a policy to task_role_name.
resource "aws_iam_role" "task" {
  name               = "${local.role_name}-task"
  description        = "What the application of ${local.full_name} may do."
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role" "execution" {
  name               = "${local.role_name}-execution"
  description        = "Lets ECS start the tasks of ${local.full_name}: pull, log, hand over secrets."
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  dynamic "statement" {
    for_each = length(local.ecr) > 0 ? [local.ecr] : []

    content {
      sid       = "PullImage"
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = distinct([for ecr in statement.value : "arn:${data.aws_partition.current.partition}:ecr:${ecr.region}:${ecr.account}:repository/${ecr.repository}"])
    }
  }

  dynamic "statement" {
    for_each = length(local.ecr) > 0 ? [local.ecr] : []

    # Knows no resource: the token is for the registry as a whole, and opens only what the statement above names.
    content {
      sid       = "LogInToRegistry"
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = length(local.secrets) > 0 ? [values(local.secrets)] : []

    content {
      sid       = "ReadSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local.secrets) > 0 ? [values(local.secrets)] : []

    # Whatever key a secret is encrypted with, and that key for nothing but these secrets.
    content {
      sid       = "DecryptSecrets"
      actions   = ["kms:Decrypt"]
      resources = ["*"]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["secretsmanager.${data.aws_region.current.id}.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "kms:EncryptionContext:SecretARN"
        values   = statement.value
      }
    }
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "start-tasks"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}
