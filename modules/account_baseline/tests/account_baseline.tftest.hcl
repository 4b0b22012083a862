mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
  }

  mock_data "aws_region" {
    defaults = { id = "ap-northeast-1" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-northeast-1:111111111111:key/mock", key_id = "mock" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { id = "shop-audit-logs-111111111111", arn = "arn:aws:s3:::shop-audit-logs-111111111111" }
  }
}

variables {
  project     = "shop"
  environment = "dev-account"
}

run "the_trail_records_everything_everywhere" {
  assert {
    condition     = aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.include_global_service_events && aws_cloudtrail.this.enable_logging
    error_message = "All regions, and the services that have none."
  }

  assert {
    condition     = aws_cloudtrail.this.enable_log_file_validation && aws_cloudtrail.this.kms_key_id == aws_kms_key.logs.arn
    error_message = "Logs are encrypted, and a changed one is noticed."
  }

  assert {
    condition     = one(aws_s3_bucket.logs.server_side_encryption_configuration[0].rule[0].apply_server_side_encryption_by_default).kms_master_key_id == aws_kms_key.logs.arn
    error_message = "Whatever else comes into the bucket gets the same key."
  }

  assert {
    condition     = length(aws_cloudtrail.this.event_selector) == 0
    error_message = "Setting selectors is denied by the policies of the organization; without any, all management events are recorded."
  }

  assert {
    condition     = aws_cloudtrail.this.name == "shop-audit" && aws_s3_bucket.logs.bucket == "shop-audit-logs-111111111111" && aws_kms_alias.logs.name == "alias/shop-audit-logs"
    error_message = "The policies of the organization know these names."
  }
}

run "the_bucket_keeps_what_it_gets" {
  command = plan

  assert {
    condition     = aws_s3_bucket.logs.versioning[0].enabled && one(aws_s3_bucket.logs.lifecycle_rule[0].expiration).days == 400
    error_message = "Versions are kept, and logs for 400 days."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.logs.block_public_acls && aws_s3_bucket_public_access_block.logs.block_public_policy && aws_s3_bucket_public_access_block.logs.ignore_public_acls && aws_s3_bucket_public_access_block.logs.restrict_public_buckets
    error_message = "Nothing of it is public."
  }

  assert {
    condition     = one(aws_s3_bucket.logs.server_side_encryption_configuration[0].rule[0].apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
    error_message = "It is encrypted."
  }

  assert {
    condition = anytrue([for statement in data.aws_iam_policy_document.bucket.statement :
      statement.effect == "Deny" && anytrue([for condition in statement.condition : condition.variable == "aws:SecureTransport" && tolist(condition.values) == tolist(["false"])])
    ])
    error_message = "Only TLS."
  }

  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.bucket.statement :
      anytrue([for condition in statement.condition : condition.variable == "aws:SourceArn" && tolist(condition.values) == tolist(["arn:aws:cloudtrail:ap-northeast-1:111111111111:trail/shop-audit"])]) if statement.effect != "Deny"
    ])
    error_message = "CloudTrail writes for this trail, and for no other account."
  }
}

run "logs_are_kept_for_as_long_as_is_asked" {
  command = plan

  variables {
    audit_log_retention_days = 2555
  }

  assert {
    condition     = one(aws_s3_bucket.logs.lifecycle_rule[0].expiration).days == 2555
    error_message = "Seven years."
  }
}

run "the_account_is_closed_by_default" {
  assert {
    condition     = aws_s3_account_public_access_block.this.block_public_acls && aws_s3_account_public_access_block.this.block_public_policy && aws_s3_account_public_access_block.this.ignore_public_acls && aws_s3_account_public_access_block.this.restrict_public_buckets
    error_message = "No bucket of the account can be public."
  }

  assert {
    condition     = aws_ebs_encryption_by_default.this.enabled
    error_message = "Volumes are encrypted, whoever makes them."
  }

  assert {
    condition     = aws_iam_account_password_policy.this.minimum_password_length >= 14
    error_message = "Passwords are long."
  }

  assert {
    condition     = aws_accessanalyzer_analyzer.this.type == "ACCOUNT" && aws_kms_key.logs.enable_key_rotation
    error_message = "What is shared is found, and the key rotates."
  }

  assert {
    condition     = output.trail_arn == aws_cloudtrail.this.arn && output.logs_bucket == "shop-audit-logs-111111111111" && output.logs_key_arn == aws_kms_key.logs.arn && output.analyzer_arn == aws_accessanalyzer_analyzer.this.arn
    error_message = "Outputs describe what was built."
  }
}

run "logs_that_are_kept_for_less_than_cloudtrail_shows_are_refused" {
  command = plan

  variables {
    audit_log_retention_days = 30
  }

  expect_failures = [var.audit_log_retention_days]
}

run "a_project_that_is_no_name_is_refused" {
  command = plan

  variables {
    project = "Shop"
  }

  expect_failures = [var.project]
}

run "an_environment_that_is_no_name_is_refused" {
  command = plan

  variables {
    environment = "dev account"
  }

  expect_failures = [var.environment]
}
