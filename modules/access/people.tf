locals {
  names = {
    developer  = "DeveloperRole"
    qa         = "QARole"
    operator   = "OperatorRole"
    data_admin = var.data_admin_role
  }
  descriptions = {
    developer  = "All of this account but users, roles and the foundation."
    qa         = "Looks at everything but secrets, and signs approvals."
    operator   = "Looks at everything but secrets, signs, and deploys what was approved."
    data_admin = "The one role that deletes databases and buckets."
  }

  # Power is for a shorter while, and for a fresh second factor.
  session_seconds = { developer = 14400, qa = 14400, operator = 3600, data_admin = 3600 }
  fresh           = ["operator", "data_admin"]

  managed_policies = {
    developer  = "PowerUserAccess"
    qa         = "ReadOnlyAccess"
    operator   = "ReadOnlyAccess"
    data_admin = "ReadOnlyAccess"
  }

  # No resource of a statement is an alias: those are keys of that account and region, asked for by that name.
  approval_keys    = [for arn in var.approval_signing_key_arns : arn if !strcontains(arn, ":alias/")]
  approval_aliases = [for arn in var.approval_signing_key_arns : { place = split(":alias/", arn)[0], alias = "alias/${split(":alias/", arn)[1]}" } if strcontains(arn, ":alias/")]

  developer = contains(var.people_roles, "developer")
  operator  = contains(var.people_roles, "operator")
}

data "aws_iam_policy_document" "people_trust" {
  for_each = toset(var.people_roles)

  statement {
    sid     = "PeopleWithTheirSecondFactor"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${var.management_account_id}:root"]
    }

    condition {
      test     = "Bool"
      variable = "aws:MultiFactorAuthPresent"
      values   = ["true"]
    }

    # The name of the session is who envctl and CloudTrail say it was: nobody may work under another one.
    condition {
      test     = "StringEquals"
      variable = "sts:RoleSessionName"
      values   = ["&{aws:username}"]
    }

    dynamic "condition" {
      for_each = contains(local.fresh, each.key) ? [3600] : []

      content {
        test     = "NumericLessThan"
        variable = "aws:MultiFactorAuthAge"
        values   = [condition.value]
      }
    }
  }
}

resource "aws_iam_role" "people" {
  for_each = toset(var.people_roles)

  name                 = local.names[each.key]
  description          = local.descriptions[each.key]
  assume_role_policy   = data.aws_iam_policy_document.people_trust[each.key].json
  max_session_duration = local.session_seconds[each.key]
}

resource "aws_iam_role_policy_attachment" "people" {
  for_each = toset(var.people_roles)

  role       = aws_iam_role.people[each.key].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${local.managed_policies[each.key]}"
}

resource "aws_iam_role_policy_attachment" "developer_foundation" {
  count = local.developer ? 1 : 0

  role       = aws_iam_role.people["developer"].name
  policy_arn = aws_iam_policy.foundation.arn
}

data "aws_iam_policy_document" "developer" {
  #checkov:skip=CKV_AWS_356:only for looking

  statement {
    sid       = "LookAtRoles"
    actions   = ["iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy"]
    resources = ["*"]
  }

  statement {
    sid       = "HandRolesToServices"
    actions   = ["iam:PassRole"]
    resources = ["${local.iam}:role/${local.workload}-*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = local.passed_to
    }
  }
}

# Secure strings of Parameter Store need kms:Decrypt too, so that plain parameters may be looked at.
data "aws_iam_policy_document" "no_secrets" {
  statement {
    sid    = "NoSecrets"
    effect = "Deny"
    actions = [
      "kms:Decrypt",
      "kms:ReEncryptFrom",
      "secretsmanager:BatchGetSecretValue",
      "secretsmanager:GetSecretValue",
    ]
    resources = ["*"]
  }

  # A state holds whatever Terraform was given, secrets included.
  statement {
    sid       = "NoStates"
    effect    = "Deny"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["arn:${local.partition}:s3:::${local.state_bucket}/*"]
  }
}

# With a key of their own, people sign with that one alone: the key of the environment then signs for its deployer.
data "aws_iam_policy_document" "sign" {
  dynamic "statement" {
    for_each = length(var.approval_signing_key_arns) == 0 ? [1] : []

    content {
      sid       = "SignApprovals"
      actions   = ["kms:Sign"]
      resources = ["arn:${local.partition}:kms:*:${local.account_id}:key/*"]

      condition {
        test     = "StringEquals"
        variable = "kms:RequestAlias"
        values   = ["alias/envctl-${var.deploys_environment}"]
      }
    }
  }

  dynamic "statement" {
    for_each = length(local.approval_keys) > 0 ? [local.approval_keys] : []

    content {
      sid       = "SignApprovalsByKey"
      actions   = ["kms:Sign"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = local.approval_aliases

    content {
      sid       = "SignApprovalsByAlias${statement.key}"
      actions   = ["kms:Sign"]
      resources = ["${statement.value.place}:key/*"]

      condition {
        test     = "StringEquals"
        variable = "kms:RequestAlias"
        values   = [statement.value.alias]
      }
    }
  }
}

data "aws_iam_policy_document" "operate" {
  statement {
    sid       = "BecomeTheDeployer"
    actions   = ["sts:AssumeRole", "sts:TagSession"]
    resources = concat(["${local.iam}:role/${var.deployer_role_name}"], aws_iam_role.look[*].arn)
  }
}

data "aws_iam_policy_document" "data_admin" {
  statement {
    sid = "DeleteDatabases"
    actions = [
      "rds:AddTagsToResource",
      "rds:CreateDBClusterSnapshot",
      "rds:CreateDBSnapshot",
      "rds:DeleteDBCluster",
      "rds:DeleteDBClusterAutomatedBackup",
      "rds:DeleteDBInstance",
      "rds:DeleteDBInstanceAutomatedBackup",
      "rds:DeleteGlobalCluster",
      "rds:ModifyDBCluster",
      "rds:ModifyDBInstance",
    ]
    resources = [
      "arn:${local.partition}:rds:*:${local.account_id}:*:${local.workload}-*",
      # An automated backup has an id, and no name.
      "arn:${local.partition}:rds:*:${local.account_id}:auto-backup:*",
      "arn:${local.partition}:rds::${local.account_id}:global-cluster:${local.workload}-*",
    ]
  }

  statement {
    sid       = "DeleteTables"
    actions   = ["dynamodb:DeleteTable", "dynamodb:UpdateTable"]
    resources = ["arn:${local.partition}:dynamodb:*:${local.account_id}:table/${local.workload}-*"]
  }

  statement {
    sid = "DeleteBuckets"
    actions = [
      "s3:DeleteBucket",
      "s3:DeleteBucketPolicy",
      "s3:DeleteObject",
      "s3:DeleteObjectVersion",
    ]
    resources = [
      "arn:${local.partition}:s3:::${local.workload}-*",
      "arn:${local.partition}:s3:::${local.workload}-*/*",
    ]
  }
}

locals {
  # Lists of names of the documents above, by role.
  inline_policies = merge(
    { for role in var.people_roles : "${role}-no-secrets" => { role = role, json = data.aws_iam_policy_document.no_secrets.json } if role != "developer" },
    { for role in var.people_roles : "${role}-sign" => { role = role, json = data.aws_iam_policy_document.sign.json } if contains(["qa", "operator"], role) },
    { for role in var.people_roles : "${role}-roles" => { role = role, json = data.aws_iam_policy_document.developer.json } if role == "developer" },
    { for role in var.people_roles : "${role}-deploy" => { role = role, json = data.aws_iam_policy_document.operate.json } if role == "operator" },
    { for role in var.people_roles : "${role}-delete" => { role = role, json = data.aws_iam_policy_document.data_admin.json } if role == "data_admin" },
  )
}

resource "aws_iam_role_policy" "people" {
  for_each = local.inline_policies

  name   = each.key
  role   = aws_iam_role.people[each.value.role].id
  policy = each.value.json
}
