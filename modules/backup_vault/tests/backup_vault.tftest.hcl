mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-northeast-3:111111111111:key/mock" }
  }
}

variables {
  project     = "shop"
  environment = "prod"
}

run "the_vault_is_encrypted_with_a_key_of_its_own" {
  assert {
    condition     = jsondecode(aws_cloudformation_stack.vault.template_body).Resources.Vault.Properties.EncryptionKeyArn == aws_kms_key.this.arn
    error_message = "Not with the key of the data."
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "It rotates, and there is a month to take its deletion back."
  }

  assert {
    condition     = output.vault_name == "shop-prod-copies" && jsondecode(aws_cloudformation_stack.vault.template_body).Resources.Vault.Properties.BackupVaultName == "shop-prod-copies"
    error_message = "The name carries project and environment."
  }
}

run "nobody_deletes_a_backup" {
  assert {
    condition     = one(data.aws_iam_policy_document.vault.statement).effect == "Deny" && contains(one(data.aws_iam_policy_document.vault.statement).actions, "backup:DeleteRecoveryPoint")
    error_message = "Deleting is denied."
  }

  assert {
    condition     = one(one(data.aws_iam_policy_document.vault.statement).principals).identifiers == toset(["*"]) && length(one(data.aws_iam_policy_document.vault.statement).condition) == 0
    error_message = "To all, without exception."
  }

  assert {
    condition     = aws_backup_vault_policy.this.backup_vault_name == "shop-prod-copies"
    error_message = "In this vault."
  }
}

run "there_is_no_lock_unless_asked_for" {
  assert {
    condition     = !can(jsondecode(aws_cloudformation_stack.vault.template_body).Resources.Vault.Properties.LockConfiguration)
    error_message = "A lock is a decision."
  }
}

run "a_lock_can_be_taken_off_by_default" {
  variables {
    vault_lock      = true
    vault_lock_days = 14
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack.vault.template_body).Resources.Vault.Properties.LockConfiguration == { MinRetentionDays = 14 }
    error_message = "Governance first."
  }
}

run "a_lock_becomes_final_when_asked_for" {
  variables {
    vault_lock                  = true
    vault_lock_final_after_days = 3
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack.vault.template_body).Resources.Vault.Properties.LockConfiguration == { MinRetentionDays = 7, ChangeableForDays = 3 }
    error_message = "After that, nobody takes it off."
  }
}

run "two_vaults_of_one_account_have_names_of_their_own" {
  command = plan

  variables {
    vault_name = "backups"
  }

  assert {
    condition     = aws_kms_alias.this.name == "alias/shop-prod-backups" && aws_cloudformation_stack.vault.name == "shop-prod-backups-vault"
    error_message = "Key, stack and vault."
  }
}

run "values_that_aws_would_not_take_are_refused" {
  command = plan

  variables {
    project                     = "Shop"
    environment                 = "1st"
    vault_name                  = "Copies"
    vault_lock_days             = 0
    vault_lock_final_after_days = 2
  }

  expect_failures = [var.project, var.environment, var.vault_name, var.vault_lock_days, var.vault_lock_final_after_days]
}
