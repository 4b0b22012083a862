# What holds for the accounts of every environment, for whoever works there, root included.
data "aws_iam_policy_document" "everywhere" {
  statement {
    sid       = "StayInTheOrganization"
    effect    = "Deny"
    actions   = ["account:CloseAccount", "organizations:LeaveOrganization"]
    resources = ["*"]
  }

  # Without exception: who has to change the trail itself takes the policy off first, in the management account.
  statement {
    sid    = "KeepTheTrail"
    effect = "Deny"
    actions = [
      "cloudtrail:DeleteTrail",
      "cloudtrail:PutEventSelectors",
      "cloudtrail:StopLogging",
      "cloudtrail:UpdateTrail",
    ]
    resources = ["*"]
  }

  # A trail that can't write is switched off as well.
  statement {
    sid    = "KeepTheLogs"
    effect = "Deny"
    actions = [
      "s3:DeleteBucket",
      "s3:DeleteBucketPolicy",
      "s3:DeleteObject",
      "s3:DeleteObjectVersion",
      "s3:PutBucketPolicy",
      "s3:PutBucketPublicAccessBlock",
      "s3:PutBucketVersioning",
      "s3:PutEncryptionConfiguration",
      "s3:PutLifecycleConfiguration",
    ]
    resources = [
      "arn:${data.aws_partition.current.partition}:s3:::${var.project}-audit-logs-*",
      "arn:${data.aws_partition.current.partition}:s3:::${var.project}-audit-logs-*/*",
    ]

    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = [local.foundation_role]
    }
  }

  statement {
    sid       = "KeepTheKeyOfTheLogs"
    effect    = "Deny"
    actions   = ["kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]
    resources = ["*"]

    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "kms:ResourceAliases"
      values   = ["alias/${var.project}-audit-logs"]
    }

    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = [local.foundation_role]
    }
  }

  statement {
    sid       = "KeepTheNameOfThatKey"
    effect    = "Deny"
    actions   = ["kms:DeleteAlias", "kms:UpdateAlias"]
    resources = ["arn:${data.aws_partition.current.partition}:kms:*:*:alias/${var.project}-audit-logs"]

    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = [local.foundation_role]
    }
  }

  # Their policy, tags, grants and aliases decide who signs. Administrators make and change keys; who deploys, who looks, jobs and
  # workloads do not.
  statement {
    sid         = "KeepTheSigningKeys"
    effect      = "Deny"
    not_actions = ["kms:Describe*", "kms:Get*", "kms:List*", "kms:Sign", "kms:Verify"]
    resources   = ["arn:${data.aws_partition.current.partition}:kms:*:*:key/*"]

    condition {
      test     = "ForAnyValue:StringLike"
      variable = "kms:ResourceAliases"
      values   = local.signing_key_aliases
    }

    condition {
      test     = "ArnLike"
      variable = "aws:PrincipalArn"
      values   = [local.deployer_role, local.look_role, local.job_roles, local.workload_roles]
    }
  }

  # The deployer may make a role that may sign: it would sign in its place, with every key of the account.
  statement {
    sid       = "WorkloadsDoNotSign"
    effect    = "Deny"
    actions   = ["kms:Sign"]
    resources = ["*"]

    condition {
      test     = "ForAnyValue:StringLike"
      variable = "kms:ResourceAliases"
      values   = local.signing_key_aliases
    }

    condition {
      test     = "ArnLike"
      variable = "aws:PrincipalArn"
      values   = [local.workload_roles]
    }

    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = [local.deployer_role, local.look_role, local.job_roles]
    }
  }

  # Whoever could write one of these roles could give themselves what it may do, and what the other statements let it do.
  statement {
    sid    = "KeepTheRoles"
    effect = "Deny"
    actions = [
      "iam:Add*",
      "iam:Attach*",
      "iam:Create*",
      "iam:Delete*",
      "iam:Detach*",
      "iam:Put*",
      "iam:Remove*",
      "iam:Set*",
      "iam:Tag*",
      "iam:Untag*",
      "iam:Update*",
    ]
    resources = [
      local.foundation_role,
      local.deployer_role,
      local.look_role,
      local.job_roles,
      local.data_admin_role,
      "${local.roles}/DeveloperRole",
      "${local.roles}/QARole",
      "${local.roles}/OperatorRole",
      "arn:${data.aws_partition.current.partition}:iam::*:policy/${var.deployer_role_name}-*",
      "arn:${data.aws_partition.current.partition}:iam::*:policy/${var.look_role_name}-*",
      "arn:${data.aws_partition.current.partition}:iam::*:oidc-provider/token.actions.githubusercontent.com",
      "arn:${data.aws_partition.current.partition}:iam::*:oidc-provider/gitlab.com",
    ]

    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = [local.foundation_role]
    }
  }

  statement {
    sid       = "PassesInsteadOfUsers"
    effect    = "Deny"
    actions   = ["iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateUser"]
    resources = ["*"]
  }

  # The deployer may make roles for what it deploys. This keeps them from being a way to rights that it has not itself.
  statement {
    sid    = "WorkloadsDoNotAdminister"
    effect = "Deny"
    actions = [
      "account:*",
      "iam:Attach*",
      "iam:CreatePolicy*",
      "iam:CreateRole",
      "iam:Delete*",
      "iam:Detach*",
      "iam:Put*",
      "iam:Set*",
      "iam:Update*",
      "organizations:*",
    ]
    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "aws:PrincipalArn"
      values   = [local.workload_roles]
    }

    # A project may be called envctl.
    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = [local.deployer_role]
    }
  }
}
