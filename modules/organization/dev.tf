locals {
  # These have no endpoint in any other region than us-east-1 or us-west-2, wherever they are called from.
  global_actions = [
    "account:*",
    "artifact:*",
    "aws-portal:*",
    "billing:*",
    "budgets:*",
    "ce:*",
    "cloudfront:*",
    "consolidatedbilling:*",
    "cur:*",
    "ec2:DescribeRegions",
    "ecr-public:GetAuthorizationToken",
    "freetier:*",
    "globalaccelerator:*",
    "health:*",
    "iam:*",
    "invoicing:*",
    "networkmanager:*",
    "organizations:*",
    "payments:*",
    "pricing:*",
    "route53:*",
    "route53domains:*",
    "s3:GetAccountPublicAccessBlock",
    "s3:ListAllMyBuckets",
    "s3:PutAccountPublicAccessBlock",
    "shield:*",
    "sts:*",
    "support:*",
    "supportplans:*",
    "tax:*",
    "trustedadvisor:*",
  ]
}

data "aws_iam_policy_document" "dev" {
  # A request that does not say what it wants may come to a public instance, by the default of its subnets: it has to say false.
  statement {
    sid    = "NoPublicDatabases"
    effect = "Deny"
    actions = [
      "rds:CreateDBInstance",
      "rds:CreateDBInstanceReadReplica",
      "rds:CreateDBShardGroup",
      "rds:RestoreDBInstanceFromDBSnapshot",
      "rds:RestoreDBInstanceFromS3",
      "rds:RestoreDBInstanceToPointInTime",
    ]
    resources = ["*"]

    condition {
      test     = "BoolIfExists"
      variable = "rds:PubliclyAccessible"
      values   = ["true"]
    }
  }

  # AWS's reference lists the key for none but the actions above. Where it is answered all the same, this holds too.
  statement {
    sid       = "NoDatabaseMadePublic"
    effect    = "Deny"
    actions   = ["rds:ModifyDBInstance"]
    resources = ["*"]

    condition {
      test     = "Bool"
      variable = "rds:PubliclyAccessible"
      values   = ["true"]
    }
  }

  # Since that can't be counted on, databases are changed by code alone, not by hand.
  statement {
    sid       = "DatabasesChangeByCode"
    effect    = "Deny"
    actions   = ["rds:ModifyDBInstance"]
    resources = ["*"]

    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = [local.deployer_role, local.data_admin_role]
    }
  }

  # Clusters of several zones, which are none of Aurora's, may be public, and no key says so. Only they are asked for with a class.
  statement {
    sid    = "NoClustersThatMayBePublic"
    effect = "Deny"
    actions = [
      "rds:CreateDBCluster",
      "rds:RestoreDBClusterFromSnapshot",
      "rds:RestoreDBClusterToPointInTime",
    ]
    resources = ["*"]

    condition {
      test     = "StringLike"
      variable = "rds:DatabaseClass"
      values   = ["db.*"]
    }
  }

  # A shared snapshot is a public database for whoever restores it.
  statement {
    sid       = "NoSharedSnapshots"
    effect    = "Deny"
    actions   = ["rds:ModifyDBClusterSnapshotAttribute", "rds:ModifyDBSnapshotAttribute"]
    resources = ["*"]
  }

  statement {
    sid         = "AllowedRegions"
    effect      = "Deny"
    not_actions = local.global_actions
    resources   = ["*"]

    condition {
      test     = "StringNotLike"
      variable = "aws:RequestedRegion"
      values   = var.allowed_regions
    }
  }
}
