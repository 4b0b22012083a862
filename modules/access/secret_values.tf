# Values that envctl reads for Terraform ([secrets.values] in envctl.toml): of the named secrets, and of no others.
locals {
  read_secrets    = [for name in var.secret_values : "arn:${local.partition}:secretsmanager:*:${local.account_id}:secret:${name}-??????" if !startswith(name, "/")]
  read_parameters = [for name in var.secret_values : "arn:${local.partition}:ssm:*:${local.account_id}:parameter${name}" if startswith(name, "/")]

  # By the service that decrypts: what a key knows the secret by.
  decrypted = {
    for service, each in {
      secretsmanager = { variable = "SecretARN", values = local.read_secrets }
      ssm            = { variable = "PARAMETER_ARN", values = local.read_parameters }
    } : service => each if length(each.values) > 0
  }
}

data "aws_iam_policy_document" "secret_values" {
  count = length(var.secret_values) > 0 ? 1 : 0

  dynamic "statement" {
    for_each = length(local.read_secrets) > 0 ? [local.read_secrets] : []

    content {
      sid       = "ReadSecretValues"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local.read_parameters) > 0 ? [local.read_parameters] : []

    content {
      sid       = "ReadParameterValues"
      actions   = ["ssm:GetParameter"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = local.decrypted

    content {
      sid       = "DecryptThem${statement.key}"
      actions   = ["kms:Decrypt"]
      resources = ["arn:${local.partition}:kms:*:${local.account_id}:key/*"]

      condition {
        test     = "StringLike"
        variable = "kms:ViaService"
        values   = ["${statement.key}.*.amazonaws.com"]
      }

      condition {
        test     = "StringLike"
        variable = "kms:EncryptionContext:${statement.value.variable}"
        values   = statement.value.values
      }
    }
  }
}
