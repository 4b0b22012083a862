# The role that looks: it plans and checks drift, and can't change anything. It reads what Terraform reads of the resources of these
# modules, and the states of its own environment. States hold secrets, so jobs of pull requests get it only for the environments by choice.
data "aws_iam_policy_document" "look_trust" {
  count = length(var.look_trusted_arns) > 0 ? 1 : 0

  statement {
    sid     = "NamedRoles"
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "AWS"
      identifiers = var.look_trusted_arns
    }
  }

  dynamic "statement" {
    for_each = length(local.people_who_deploy) > 0 ? [local.people_who_deploy] : []

    content {
      sid     = "PeopleOfThisAccount"
      actions = ["sts:AssumeRole", "sts:TagSession"]

      principals {
        type        = "AWS"
        identifiers = statement.value
      }
    }
  }
}

resource "aws_iam_role" "look" {
  count = length(var.look_trusted_arns) > 0 ? 1 : 0

  name                 = var.look_role_name
  description          = "Plans and checks drift in the account of ${var.deploys_environment}, and changes nothing."
  assume_role_policy   = data.aws_iam_policy_document.look_trust[0].json
  max_session_duration = 3600
}

data "aws_iam_policy_document" "look_resources" {
  #checkov:skip=CKV_AWS_356:only for looking; most of these know no resource

  statement {
    sid = "LookAtResources"
    actions = [
      "acm:DescribeCertificate",
      "acm:ListCertificates",
      "acm:ListTagsForCertificate",
      "application-autoscaling:Describe*",
      "application-autoscaling:ListTagsForResource",
      "autoscaling:Describe*",
      "backup:Describe*",
      "backup:Get*",
      "backup:List*",
      "budgets:ListTagsForResource",
      "budgets:ViewBudget",
      "cloudformation:Describe*",
      "cloudformation:GetTemplate",
      "cloudwatch:Describe*",
      "cloudwatch:GetDashboard",
      "cloudwatch:ListTagsForResource",
      "ec2:Describe*",
      "ecr:Describe*",
      "ecr:GetLifecyclePolicy",
      "ecr:GetRepositoryPolicy",
      "ecr:ListTagsForResource",
      "ecs:Describe*",
      "ecs:List*",
      "eks:Describe*",
      "eks:List*",
      "elasticloadbalancing:Describe*",
      "events:Describe*",
      "events:List*",
      "iam:Get*",
      "iam:List*",
      "kms:DescribeKey",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:GetPublicKey",
      "kms:ListAliases",
      "kms:ListResourceTags",
      "logs:Describe*",
      "logs:ListTagsForResource",
      "logs:ListTagsLogGroup",
      "rds:Describe*",
      "rds:ListTagsForResource",
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetResourcePolicy",
      "sns:GetSubscriptionAttributes",
      "sns:GetTopicAttributes",
      "sns:ListTagsForResource",
      "ssm:DescribeDocument",
      "ssm:DescribeDocumentPermission",
      "ssm:DescribeParameters",
      "ssm:GetDocument",
      "ssm:ListTagsForResource",
      "tag:Get*",
    ]
    resources = ["*"]
  }

  # How the buckets of the pipeline are set up, and not what is in them.
  statement {
    sid = "LookAtBuckets"
    actions = [
      "s3:GetAccelerateConfiguration",
      "s3:GetBucket*",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration",
      "s3:ListBucket",
    ]
    resources = ["arn:${local.partition}:s3:::${local.workload}-*"]
  }

  statement {
    sid       = "PublicParameters"
    actions   = ["ssm:GetParameter", "ssm:GetParameters"]
    resources = ["arn:${local.partition}:ssm:*::parameter/aws/*"]
  }

  # For the environment after this one, which copies images from here.
  statement {
    sid       = "PullImages"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:${local.partition}:ecr:*:${local.account_id}:repository/${var.project}", "arn:${local.partition}:ecr:*:${local.account_id}:repository/${var.project}/*"]
  }

  statement {
    sid       = "LoginToRegistries"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  # Terraform compares the one secret that a module writes, and so reads it. The state holds the same value.
  statement {
    sid       = "CompareTheSecretOfTheDatabase"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:${local.partition}:secretsmanager:*:${local.account_id}:secret:${var.project}/${var.deploys_environment}/database-*"]
  }

  statement {
    sid       = "DecryptThatSecret"
    actions   = ["kms:Decrypt"]
    resources = ["arn:${local.partition}:kms:*:${local.account_id}:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["secretsmanager.*.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:SecretARN"
      values   = ["arn:${local.partition}:secretsmanager:*:${local.account_id}:secret:${var.project}/${var.deploys_environment}/database-*"]
    }
  }

  # A job that looks may say that it found drift, which only takes a proof away. This key signs nothing else that counts.
  statement {
    sid       = "SignFoundDrift"
    actions   = ["kms:Sign"]
    resources = ["arn:${local.partition}:kms:*:${local.account_id}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:RequestAlias"
      values   = ["alias/envctl-look-${var.deploys_environment}"]
    }
  }
}

data "aws_iam_policy_document" "look_state" {
  statement {
    sid       = "ListTheStates"
    actions   = ["s3:ListBucket"]
    resources = ["arn:${local.partition}:s3:::${local.state_bucket}"]
  }

  statement {
    sid       = "ReadTheStates"
    actions   = ["s3:GetObject"]
    resources = ["arn:${local.partition}:s3:::${local.state_bucket}/${var.deploys_environment}/*"]
  }

  statement {
    sid = "LookAtTheBucket"
    actions = [
      "s3:GetBucketOwnershipControls",
      "s3:GetBucketPolicy",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetBucketVersioning",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
    ]
    resources = ["arn:${local.partition}:s3:::${local.state_bucket}"]
  }

  # Whatever a role of this account trusts: who looks takes no other role.
  statement {
    sid       = "TakeNoOtherRole"
    effect    = "Deny"
    actions   = ["sts:AssumeRole*", "sts:TagSession"]
    resources = ["*"]
  }
}

locals {
  look_policies = length(var.look_trusted_arns) == 0 ? {} : merge(
    {
      resources = data.aws_iam_policy_document.look_resources.json
      state     = data.aws_iam_policy_document.look_state.json
    },
    { for document in data.aws_iam_policy_document.secret_values : "values" => document.json },
  )
}

resource "aws_iam_policy" "look" {
  for_each = local.look_policies

  name        = "${var.look_role_name}-${each.key}"
  description = "What ${var.look_role_name} may do: ${each.key}."
  policy      = jsonencode(jsondecode(each.value))

  lifecycle {
    precondition {
      condition     = length(replace(each.value, "/\\s/", "")) <= 6144
      error_message = "The policy ${each.key} of the role that looks has ${length(replace(each.value, "/\\s/", ""))} characters; AWS allows 6144."
    }
  }
}

resource "aws_iam_role_policy_attachment" "look" {
  for_each = local.look_policies

  role       = aws_iam_role.look[0].name
  policy_arn = aws_iam_policy.look[each.key].arn
}
