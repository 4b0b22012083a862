locals {
  store_bucket = split("/", trimprefix(var.store_url, "s3://"))[0]
  store_prefix = trim(trimprefix(trimprefix(var.store_url, "s3://"), local.store_bucket), "/")
  store_arn    = "arn:${local.partition}:s3:::${local.store_bucket}"
  store_folder = local.store_prefix == "" ? "" : "${local.store_prefix}/"
  store_keys   = "${local.store_arn}/${local.store_folder}"

  # What a job reads, if not everything below the prefix. A pull request, whose code nobody has reviewed, plans with the ledger and the
  # releases. It sees neither plans nor what approvers read of them.
  reads = {
    plan = ["checkpoints/*", "ledger/*", "places/*", "project.json", "releases/*", "rules/*", "runs/collected/*", "settings/*"]
  }

  # What a job creates: entries about drift, and the plans that reviewers approve; then everything. A pull request creates nothing: its
  # results are artifacts of the forge.
  creates = merge(
    {
      plan  = []
      drift = ["checkpoints/*", "ledger/*", "places/*", "plans/*", "readings/*", "runs/*"]
    },
    { for job in keys(local.approvals) : job => ["checkpoints/*", "ledger/*", "places/*", "rules/*"] },
  )

  # No resource of a statement is an alias: it means the keys of its account and region that are asked for by that name.
  approval_keys = { for job, name in local.approvals : job => {
    alias    = try("alias/${split(":alias/", local.environments[name].approval_key_arn)[1]}", null)
    resource = replace(local.environments[name].approval_key_arn, "/:alias/.*/", ":key/*")
  } }
}

data "aws_iam_policy_document" "job" {
  for_each = local.jobs

  statement {
    sid       = "ListTheStore"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions"]
    resources = [local.store_arn]

    # envctl lists folders alone. A bucket may hold the keys of other projects.
    dynamic "condition" {
      for_each = local.store_folder == "" && !contains(keys(local.reads), each.key) ? [] : [1]

      content {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = [for path in lookup(local.reads, each.key, ["*"]) : "${local.store_folder}${path}" if endswith(path, "*")]
      }
    }
  }

  statement {
    sid       = "ReadTheStore"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = [for path in lookup(local.reads, each.key, ["*"]) : "${local.store_keys}${path}"]
  }

  # What approvers read of settings and plans of all environments is none of the business of a job that only looks.
  dynamic "statement" {
    for_each = each.key == "drift" ? [1] : []

    content {
      sid       = "ReadNoPages"
      effect    = "Deny"
      actions   = ["s3:GetObject"]
      resources = ["${local.store_keys}readings/*"]
    }
  }

  # No job may delete anything there, and envctl creates each object only once.
  dynamic "statement" {
    for_each = [for folders in [lookup(local.creates, each.key, ["*"])] : folders if length(folders) > 0]

    content {
      sid       = "AddToTheStore"
      actions   = ["s3:PutObject"]
      resources = [for folder in statement.value : "${local.store_keys}${folder}"]
    }
  }

  # A page is locked for as long as it is kept, and not for the ten years of everything else.
  dynamic "statement" {
    for_each = contains(concat(["plan"], keys(local.approvals)), each.key) ? [] : [1]

    content {
      sid       = "LockPages"
      actions   = ["s3:PutObjectRetention"]
      resources = ["${local.store_keys}readings/*"]
    }
  }

  dynamic "statement" {
    for_each = [for job, key in local.approval_keys : key if job == each.key]

    content {
      sid       = "SignForPeople"
      actions   = ["kms:Sign"]
      resources = [statement.value.resource]

      dynamic "condition" {
        for_each = compact([statement.value.alias])

        content {
          test     = "StringEquals"
          variable = "kms:RequestAlias"
          values   = [condition.value]
        }
      }
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
