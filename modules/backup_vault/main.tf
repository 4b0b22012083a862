data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name = "${var.project}-${var.environment}-${var.vault_name}"

  # Without days until it is final, a lock can be taken off by those who may (governance); with them, by nobody (compliance).
  lock = {
    for key, days in {
      MinRetentionDays  = var.vault_lock_days
      ChangeableForDays = var.vault_lock_final_after_days
    } : key => days if days != null
  }
}

# Of its own: who may read the data may not thereby read its backups.
data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109,CKV_AWS_111,CKV_AWS_356:in the policy of a key, "*" is that key alone

  # What "*" names in the policy of a key is that key. AWS Backup comes in through the policies of its roles.
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }
}

resource "aws_kms_key" "this" {
  description             = "Backups in ${local.name}."
  policy                  = data.aws_iam_policy_document.key.json
  enable_key_rotation     = true
  deletion_window_in_days = 30

  tags = { Name = local.name }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.this.key_id
}

# Through CloudFormation, because that knows locks in every version of the provider; aws_backup_vault_lock_configuration
# came after 3.39. The lock goes on and off in place.
resource "aws_cloudformation_stack" "vault" {
  #checkov:skip=CKV_AWS_124:Terraform waits for the stack, and says what went wrong

  name = "${local.name}-vault"

  template_body = jsonencode({
    AWSTemplateFormatVersion = "2010-09-09"
    Description              = "Backup vault ${local.name}"
    Resources = {
      Vault = {
        Type = "AWS::Backup::BackupVault"
        Properties = merge(
          {
            BackupVaultName  = local.name
            EncryptionKeyArn = aws_kms_key.this.arn
            BackupVaultTags  = { Name = local.name }
          },
          var.vault_lock ? { LockConfiguration = local.lock } : {},
        )
      }
    }
  })

  tags = { Name = local.name }
}

data "aws_iam_policy_document" "vault" {
  # Backups end by age, and in no other way. AWS Backup itself does not ask this policy when their time has come.
  statement {
    sid       = "NobodyDeletes"
    effect    = "Deny"
    actions   = ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}

resource "aws_backup_vault_policy" "this" {
  backup_vault_name = local.name
  policy            = data.aws_iam_policy_document.vault.json

  depends_on = [aws_cloudformation_stack.vault]
}
