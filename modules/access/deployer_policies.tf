# Networks and machines have ids and no names to hold them by, and most of these services can't be limited to one anyway: here
# the boundary is the account, which holds one environment.
data "aws_iam_policy_document" "compute" {
  #checkov:skip=CKV_AWS_107,CKV_AWS_109,CKV_AWS_111,CKV_AWS_356:no names to hold them by, see above: the boundary is the account

  statement {
    sid = "NetworksAndMachines"
    actions = [
      "application-autoscaling:*",
      "autoscaling:*",
      "ec2:*",
      "ecs:*",
      "eks:*",
      "elasticloadbalancing:*",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "Repositories"
    actions   = ["ecr:*"]
    resources = ["arn:${local.partition}:ecr:*:${local.account_id}:repository/${var.project}/${var.deploys_environment}/*"]
  }

  # To look for an image, and to copy it from one account to the next. Nothing that is there is deleted.
  statement {
    sid = "Images"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:DescribeImages",
      "ecr:DescribeRepositories",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [
      "arn:${local.partition}:ecr:*:${local.account_id}:repository/${var.project}",
      "arn:${local.partition}:ecr:*:${local.account_id}:repository/${var.project}/*",
    ]
  }

  statement {
    sid       = "LoginToRegistries"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "data" {
  #checkov:skip=CKV_AWS_109,CKV_AWS_111,CKV_AWS_356:keys are held by tags, and backups by the account: they have ids and no names

  statement {
    sid     = "Databases"
    actions = ["rds:*"]
    resources = [
      "arn:${local.partition}:rds:*:${local.account_id}:*:${local.workload}-*",
      "arn:${local.partition}:rds::${local.account_id}:global-cluster:${local.workload}-*",
      # Those of AWS, which an instance takes where it has none of its own.
      "arn:${local.partition}:rds:*:${local.account_id}:*:default*",
      # Backups of before: those that RDS makes, and those of AWS Backup.
      "arn:${local.partition}:rds:*:${local.account_id}:snapshot:*",
    ]
  }

  statement {
    sid       = "LookAtDatabases"
    actions   = ["rds:Describe*", "rds:ListTagsForResource"]
    resources = ["*"]
  }

  # Buckets of the pipeline alone: neither states nor logs are called so.
  statement {
    sid     = "Buckets"
    actions = ["s3:*"]
    resources = [
      "arn:${local.partition}:s3:::${local.workload}-*",
      "arn:${local.partition}:s3:::${local.workload}-*/*",
    ]
  }

  # The modules write the password of a database that they make, and Terraform reads back what it wrote. Other secrets are looked at, and never read.
  statement {
    sid       = "SecretsOfModules"
    actions   = ["secretsmanager:*"]
    resources = ["arn:${local.partition}:secretsmanager:*:${local.account_id}:secret:${var.project}/${var.deploys_environment}/*"]
  }

  statement {
    sid       = "LookForSecrets"
    actions   = ["secretsmanager:DescribeSecret"]
    resources = ["arn:${local.partition}:secretsmanager:*:${local.account_id}:secret:${var.project}/*"]
  }

  # A key has no name. Whoever makes one has to say whose it is, and only those of this environment are managed.
  statement {
    sid       = "MakeKeys"
    actions   = ["kms:CreateKey"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/environment"
      values   = [var.deploys_environment]
    }
  }

  # The tags of a new key, which has neither a tag nor an alias yet. To tag a key of somebody else would be to own it.
  statement {
    sid       = "TagNewKeys"
    actions   = ["kms:TagResource"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/environment"
      values   = [var.deploys_environment]
    }

    condition {
      test     = "Null"
      variable = "aws:ResourceTag/environment"
      values   = ["true"]
    }

    condition {
      test     = "Null"
      variable = "kms:ResourceAliases"
      values   = ["true"]
    }
  }

  statement {
    sid       = "Keys"
    actions   = ["kms:*"]
    resources = ["arn:${local.partition}:kms:*:${local.account_id}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/environment"
      values   = [var.deploys_environment]
    }

    # A key that signs is nobody's by its tag. A key without an alias has no value here, and all of none are true.
    condition {
      test     = "ForAllValues:StringNotLike"
      variable = "kms:ResourceAliases"
      values   = local.signing_key_aliases
    }
  }

  statement {
    sid       = "NamesOfKeys"
    actions   = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
    resources = ["arn:${local.partition}:kms:*:${local.account_id}:alias/${local.workload}-*"]
  }

  # The keys of AWS are asked for by services, for whom they work.
  statement {
    sid       = "LookAtKeys"
    actions   = ["kms:DescribeKey", "kms:GetPublicKey", "kms:ListAliases", "kms:ListKeys", "kms:ListResourceTags"]
    resources = ["*"]
  }

  statement {
    sid       = "SignWhatIsSaidOfThisEnvironment"
    actions   = ["kms:Sign"]
    resources = ["arn:${local.partition}:kms:*:${local.account_id}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:RequestAlias"
      values   = ["alias/envctl-${var.deploys_environment}"]
    }
  }

  # Plans and selections have ids and no names; a vault needs backup-storage, which knows no resource.
  statement {
    sid       = "Backups"
    actions   = ["backup:*", "backup-storage:*"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "operations" {
  #checkov:skip=CKV_AWS_356:only for looking, and for what knows no resource

  statement {
    sid = "ByName"
    actions = [
      "budgets:*",
      "cloudformation:*",
      "cloudwatch:*",
      "events:*",
      "sns:*",
    ]
    resources = [
      "arn:${local.partition}:budgets::${local.account_id}:budget/${local.workload}*",
      "arn:${local.partition}:cloudformation:*:${local.account_id}:stack/${local.workload}-*/*",
      "arn:${local.partition}:cloudwatch:*:${local.account_id}:alarm:${local.workload}-*",
      "arn:${local.partition}:cloudwatch::${local.account_id}:dashboard/${local.workload}*",
      "arn:${local.partition}:events:*:${local.account_id}:rule/${local.workload}-*",
      "arn:${local.partition}:sns:*:${local.account_id}:${local.workload}-*",
    ]
  }

  statement {
    sid     = "Logs"
    actions = ["logs:*"]
    resources = [
      "arn:${local.partition}:logs:*:${local.account_id}:log-group:/${var.project}/${var.deploys_environment}/*",
      "arn:${local.partition}:logs:*:${local.account_id}:log-group:/aws/*/${local.workload}*",
    ]
  }

  statement {
    sid     = "Parameters"
    actions = ["ssm:*"]
    resources = [
      "arn:${local.partition}:ssm:*:${local.account_id}:parameter/${var.project}/${var.deploys_environment}/*",
      "arn:${local.partition}:ssm:*:${local.account_id}:document/${local.workload}-*",
    ]
  }

  # Terraform looks at much before it changes little, and these know no resource. What AWS publishes is in the Parameter Store as well.
  statement {
    sid = "Look"
    actions = [
      "acm:DescribeCertificate",
      "acm:ListCertificates",
      "budgets:ViewBudget",
      "cloudformation:Describe*",
      "cloudformation:GetTemplate",
      "cloudformation:ListStacks",
      "cloudwatch:Describe*",
      "cloudwatch:GetDashboard",
      "cloudwatch:List*",
      "events:List*",
      "logs:Describe*",
      "logs:ListTagsForResource",
      "sns:GetSubscriptionAttributes",
      "sns:ListTopics",
      "sns:Unsubscribe",
      "ssm:DescribeParameters",
      "tag:Get*",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "PublicParameters"
    actions   = ["ssm:GetParameter", "ssm:GetParameters"]
    resources = ["arn:${local.partition}:ssm:*::parameter/aws/*"]
  }

  # A load balancer and a flow log hand their logs over by it, and it knows no resource.
  statement {
    sid = "DeliveryOfLogs"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:UpdateLogDelivery",
    ]
    resources = ["*"]
  }
}

locals {
  passed_to = [
    "backup.amazonaws.com",
    "ec2.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "ecs.amazonaws.com",
    "eks.amazonaws.com",
    "events.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "pods.eks.amazonaws.com",
    "scheduler.amazonaws.com",
    "ssm.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
  ]
}

data "aws_iam_policy_document" "roles" {
  #checkov:skip=CKV_AWS_356:only for looking

  statement {
    sid = "RolesOfWorkloads"
    actions = [
      "iam:AddRoleToInstanceProfile",
      "iam:AttachRolePolicy",
      "iam:CreateInstanceProfile",
      "iam:CreatePolicy",
      "iam:CreatePolicyVersion",
      "iam:CreateRole",
      "iam:DeleteInstanceProfile",
      "iam:DeletePolicy",
      "iam:DeletePolicyVersion",
      "iam:DeleteRole",
      "iam:DeleteRolePolicy",
      "iam:DetachRolePolicy",
      "iam:PutRolePolicy",
      "iam:RemoveRoleFromInstanceProfile",
      "iam:SetDefaultPolicyVersion",
      "iam:TagInstanceProfile",
      "iam:TagPolicy",
      "iam:TagRole",
      "iam:UntagInstanceProfile",
      "iam:UntagPolicy",
      "iam:UntagRole",
      "iam:UpdateAssumeRolePolicy",
      "iam:UpdateRole",
      "iam:UpdateRoleDescription",
    ]
    resources = [
      "${local.iam}:instance-profile/${local.workload}-*",
      "${local.iam}:policy/${local.workload}-*",
      "${local.iam}:role/${local.workload}-*",
    ]
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

  # Services that were never used in an account make themselves a role of their own, of a content that AWS sets.
  statement {
    sid       = "RolesOfServices"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["${local.iam}:role/aws-service-role/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values = [
        "autoscaling.amazonaws.com",
        "backup.amazonaws.com",
        "ecs.amazonaws.com",
        "ecs.application-autoscaling.amazonaws.com",
        "eks.amazonaws.com",
        "eks-nodegroup.amazonaws.com",
        "elasticloadbalancing.amazonaws.com",
        "rds.amazonaws.com",
        "spot.amazonaws.com",
      ]
    }
  }

  # A cluster of EKS vouches for its own service accounts.
  statement {
    sid = "IdentityOfClusters"
    actions = [
      "iam:AddClientIDToOpenIDConnectProvider",
      "iam:CreateOpenIDConnectProvider",
      "iam:DeleteOpenIDConnectProvider",
      "iam:TagOpenIDConnectProvider",
      "iam:UntagOpenIDConnectProvider",
      "iam:UpdateOpenIDConnectProviderThumbprint",
    ]
    resources = ["${local.iam}:oidc-provider/oidc.eks.*"]
  }

  statement {
    sid       = "LookAtRoles"
    actions   = ["iam:Get*", "iam:List*"]
    resources = ["*"]
  }
}

# As docs/iam.md has it: nobody deletes a state, and of other environments nothing is seen but names.
data "aws_iam_policy_document" "state" {
  statement {
    sid       = "ListTheStates"
    actions   = ["s3:ListBucket"]
    resources = ["arn:${local.partition}:s3:::${local.state_bucket}"]
  }

  statement {
    sid       = "ReadAndWriteTheStates"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["arn:${local.partition}:s3:::${local.state_bucket}/${var.deploys_environment}/*"]
  }

  statement {
    sid       = "GiveUpTheLocks"
    actions   = ["s3:DeleteObject"]
    resources = ["arn:${local.partition}:s3:::${local.state_bucket}/${var.deploys_environment}/*.tflock"]
  }

  # What guards, doctor and bootstrap --check look at.
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
}
