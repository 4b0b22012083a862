data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  partition  = data.aws_partition.current.partition
  account_id = data.aws_caller_identity.current.account_id

  iam = "arn:${local.partition}:iam::${local.account_id}"

  # What the modules of the pipeline make bears this in front.
  workload     = "${var.project}-${var.deploys_environment}"
  state_bucket = coalesce(var.state_bucket, "${var.project}-tfstate-${local.account_id}")
  audit_bucket = "arn:${local.partition}:s3:::${var.project}-audit-logs-${local.account_id}"

  # Keys of the workloads of a project called envctl are called envctl-ENV-... too: there the names are whole.
  aliases_of_others   = ["alias/envctl-approve-*", "alias/envctl-look-*"]
  signing_key_aliases = startswith(var.project, "envctl") ? concat(["alias/envctl-${var.deploys_environment}"], local.aliases_of_others) : ["alias/envctl-*"]
  foundation_aliases  = concat(["alias/${var.project}-audit-logs"], local.signing_key_aliases)
}

# What neither the deployer nor developers may do, whatever else they may. The policies of the organization say it too; this
# holds without them, and keeps the deployer from giving itself more.
data "aws_iam_policy_document" "foundation" {
  statement {
    sid    = "LeaveTheRoles"
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
      "${local.iam}:role/OrganizationAccountAccessRole",
      "${local.iam}:role/DeveloperRole",
      "${local.iam}:role/QARole",
      "${local.iam}:role/OperatorRole",
      "${local.iam}:role/${var.data_admin_role}",
      "${local.iam}:role/${var.deployer_role_name}",
      "${local.iam}:role/${var.look_role_name}",
      "${local.iam}:policy/${var.deployer_role_name}-*",
      "${local.iam}:policy/${var.look_role_name}-*",
      "${local.iam}:oidc-provider/token.actions.githubusercontent.com",
    ]
  }

  statement {
    sid       = "PassesInsteadOfUsers"
    effect    = "Deny"
    actions   = ["iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateUser"]
    resources = ["*"]
  }

  statement {
    sid    = "LeaveTheBaseline"
    effect = "Deny"
    actions = [
      "access-analyzer:DeleteAnalyzer",
      "account:CloseAccount",
      "cloudtrail:DeleteTrail",
      "cloudtrail:PutEventSelectors",
      "cloudtrail:StopLogging",
      "cloudtrail:UpdateTrail",
      "ec2:DisableEbsEncryptionByDefault",
      "iam:DeleteAccountPasswordPolicy",
      "iam:UpdateAccountPasswordPolicy",
      "organizations:LeaveOrganization",
      "s3:PutAccountPublicAccessBlock",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "LeaveTheLogs"
    effect    = "Deny"
    actions   = ["s3:Delete*", "s3:Put*"]
    resources = [local.audit_bucket, "${local.audit_bucket}/*"]
  }

  # The keys that sign the ledger, and that of the logs. Their policy, tags, grants and aliases decide who uses them: whoever changes these
  # owns the key. Who may sign is said elsewhere, and readers of logs decrypt.
  statement {
    sid    = "LeaveTheKeys"
    effect = "Deny"
    not_actions = [
      "kms:Decrypt",
      "kms:Describe*",
      "kms:Get*",
      "kms:List*",
      "kms:Sign",
      "kms:Verify",
    ]
    resources = ["arn:${local.partition}:kms:*:*:key/*"]

    condition {
      test     = "ForAnyValue:StringLike"
      variable = "kms:ResourceAliases"
      values   = local.foundation_aliases
    }
  }

  statement {
    sid       = "LeaveTheNamesOfTheKeys"
    effect    = "Deny"
    actions   = ["kms:DeleteAlias", "kms:UpdateAlias"]
    resources = [for alias in local.foundation_aliases : "arn:${local.partition}:kms:*:${local.account_id}:${alias}"]
  }

  # A role that deploys signs neither for people nor for the role that looks, whatever tags their keys have.
  statement {
    sid       = "SignForNobodyElse"
    effect    = "Deny"
    actions   = ["kms:Sign"]
    resources = ["arn:${local.partition}:kms:*:*:key/*"]

    condition {
      test     = "ForAnyValue:StringLike"
      variable = "kms:ResourceAliases"
      values   = local.aliases_of_others
    }
  }
}

# Not named like what the pipeline makes: the deployer may write policies of that name.
resource "aws_iam_policy" "foundation" {
  name        = "${var.deployer_role_name}-leaves-the-foundation"
  description = "What neither the deployer nor developers may do."
  policy      = jsonencode(jsondecode(data.aws_iam_policy_document.foundation.json))
}
