locals {
  # Connections have two names, and AWS asks for either.
  use_connection = ["codeconnections:UseConnection", "codestar-connections:UseConnection"]
  connections = [
    replace(var.connection_arn, ":codeconnections:", ":codestar-connections:"),
    replace(var.connection_arn, ":codestar-connections:", ":codeconnections:"),
  ]

  store_bucket = split("/", trimprefix(var.store_url, "s3://"))[0]
  store_prefix = trim(trimprefix(trimprefix(var.store_url, "s3://"), local.store_bucket), "/")
  store_arn    = "arn:${local.partition}:s3:::${local.store_bucket}"
  store_keys   = "${local.store_arn}/${local.store_prefix == "" ? "" : "${local.store_prefix}/"}"
}

data "aws_iam_policy_document" "assume" {
  for_each = toset(["codebuild", "codepipeline", "events"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }

    # Keeps the service from using the role on behalf of another account (confused deputy). CodePipeline is not known to
    # say for whom it asks, and takes no role of another account.
    dynamic "condition" {
      for_each = each.key == "codepipeline" ? [] : [local.account]

      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [condition.value]
      }
    }
  }
}

resource "aws_iam_role" "pipeline" {
  name               = local.name
  description        = "Fetches the code and starts builds for ${local.name}. It gets into no environment."
  assume_role_policy = data.aws_iam_policy_document.assume["codepipeline"].json
}

data "aws_iam_policy_document" "pipeline" {
  statement {
    sid       = "HandOn"
    actions   = ["s3:GetBucketVersioning", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
    resources = [aws_s3_bucket.artifacts.arn, "${aws_s3_bucket.artifacts.arn}/*"]
  }

  statement {
    sid       = "Encrypt"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    resources = [aws_kms_key.artifacts.arn]
  }

  statement {
    sid       = "FetchTheCode"
    actions   = local.use_connection
    resources = local.connections
  }

  statement {
    sid       = "StartBuilds"
    actions   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"]
    resources = values(aws_codebuild_project.this)[*].arn
  }

  dynamic "statement" {
    for_each = var.topic_arn == null ? [] : [var.topic_arn]

    content {
      sid       = "AskForApproval"
      actions   = ["sns:Publish"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "pipeline" {
  name   = "run"
  role   = aws_iam_role.pipeline.id
  policy = data.aws_iam_policy_document.pipeline.json
}

resource "aws_iam_role" "build" {
  for_each = local.builds

  name               = "${local.name}-${each.key}"
  description        = "For builds: ${each.value.description}"
  assume_role_policy = data.aws_iam_policy_document.assume["codebuild"].json
}

data "aws_iam_policy_document" "build" {
  for_each = local.builds

  statement {
    sid       = "GetIntoTheEnvironment"
    actions   = ["sts:AssumeRole", "sts:TagSession"]
    resources = each.value.roles
  }

  statement {
    sid       = "ListTheStore"
    actions   = ["s3:ListBucket"]
    resources = [local.store_arn]
  }

  statement {
    sid       = "ReadTheStore"
    actions   = ["s3:GetObject"]
    resources = ["${local.store_keys}*"]
  }

  # What approvers read of settings and plans of all environments is none of the business of a build that only plans.
  dynamic "statement" {
    for_each = each.key == "look" ? [1] : []

    content {
      sid       = "ReadNoPages"
      effect    = "Deny"
      actions   = ["s3:GetObject"]
      resources = ["${local.store_keys}readings/*"]
    }
  }

  # envctl creates each object only once, and deletes none.
  statement {
    sid       = "AddToTheStore"
    actions   = ["s3:PutObject"]
    resources = [for folder in each.value.creates : "${local.store_keys}${folder}"]
  }

  # A page is locked for as long as it is kept, and not for the ten years of everything else.
  statement {
    sid       = "LockPages"
    actions   = ["s3:PutObjectRetention"]
    resources = ["${local.store_keys}readings/*"]
  }

  statement {
    sid       = "TakeWhatIsHandedOn"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${aws_s3_bucket.artifacts.arn}/*"]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt", "kms:DescribeKey"]
    resources = [aws_kms_key.artifacts.arn]
  }

  statement {
    sid       = "FetchTheCode"
    actions   = local.use_connection
    resources = local.connections
  }

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this[each.key].arn}:*"]
  }
}

resource "aws_iam_role_policy" "build" {
  for_each = local.builds

  name   = "run"
  role   = aws_iam_role.build[each.key].id
  policy = data.aws_iam_policy_document.build[each.key].json
}

resource "aws_iam_role" "schedule" {
  count = var.drift_schedule == null ? 0 : 1

  name               = "${local.name}-schedule"
  description        = "Lets EventBridge start ${local.name}-drift."
  assume_role_policy = data.aws_iam_policy_document.assume["events"].json
}

data "aws_iam_policy_document" "schedule" {
  statement {
    actions   = ["codepipeline:StartPipelineExecution"]
    resources = ["arn:${local.partition}:codepipeline:${local.region}:${local.account}:${local.name}-drift"]
  }
}

resource "aws_iam_role_policy" "schedule" {
  count = length(aws_iam_role.schedule)

  name   = "start"
  role   = aws_iam_role.schedule[0].id
  policy = data.aws_iam_policy_document.schedule.json
}
