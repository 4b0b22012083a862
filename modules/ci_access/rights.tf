locals {
  store_bucket = split("/", trimprefix(var.store_url, "s3://"))[0]
  store_prefix = trim(trimprefix(trimprefix(var.store_url, "s3://"), local.store_bucket), "/")
  store_arn    = "arn:${local.partition}:s3:::${local.store_bucket}"
  store_keys   = "${local.store_arn}/${local.store_prefix == "" ? "" : "${local.store_prefix}/"}"

  # What a job creates: results of runs of plans; then entries about drift, and the plans that reviewers approve; then everything.
  # envctl believes the results of a run. So a pull request, whose code nobody has reviewed, must not write those of a drift check.
  creates = {
    plan  = ["runs/*Z-plan-*"]
    drift = ["checkpoints/*", "ledger/*", "places/*", "plans/*", "readings/*", "runs/*"]
  }
}

data "aws_iam_policy_document" "job" {
  for_each = local.jobs

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

  # What approvers read of settings and plans of all environments is none of the business of a job that only plans.
  dynamic "statement" {
    for_each = contains(keys(local.creates), each.key) ? [1] : []

    content {
      sid       = "ReadNoPages"
      effect    = "Deny"
      actions   = ["s3:GetObject"]
      resources = ["${local.store_keys}readings/*"]
    }
  }

  # No job may delete anything there, and envctl creates each object only once.
  statement {
    sid       = "AddToTheStore"
    actions   = ["s3:PutObject"]
    resources = [for folder in lookup(local.creates, each.key, ["*"]) : "${local.store_keys}${folder}"]
  }

  # A page is locked for as long as it is kept, and not for the ten years of everything else.
  dynamic "statement" {
    for_each = each.key == "plan" ? [] : [1]

    content {
      sid       = "LockPages"
      actions   = ["s3:PutObjectRetention"]
      resources = ["${local.store_keys}readings/*"]
    }
  }

  dynamic "statement" {
    for_each = [for arns in [compact([for name in each.value.looks : lookup(local.looks, name, null)])] : arns if length(arns) > 0]

    content {
      sid       = "LookIntoEnvironments"
      actions   = ["sts:AssumeRole", "sts:TagSession"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = each.value.deploys == null ? [] : [local.deployers[each.value.deploys]]

    content {
      sid       = "DeployToTheEnvironment"
      actions   = ["sts:AssumeRole", "sts:TagSession"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "job" {
  for_each = local.jobs

  name   = "run"
  role   = aws_iam_role.job[each.key].id
  policy = jsonencode(jsondecode(data.aws_iam_policy_document.job[each.key].json))
}
