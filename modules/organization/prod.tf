data "aws_iam_policy_document" "prod" {
  statement {
    sid    = "KeepTheData"
    effect = "Deny"
    actions = [
      "dynamodb:DeleteTable",
      "rds:DeleteDBCluster",
      "rds:DeleteDBClusterAutomatedBackup",
      "rds:DeleteDBInstance",
      "rds:DeleteDBInstanceAutomatedBackup",
      "rds:DeleteGlobalCluster",
      "redshift:DeleteCluster",
      "s3:DeleteBucket",
    ]
    resources = ["*"]

    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = [local.data_admin_role]
    }
  }
}
