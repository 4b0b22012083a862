data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  partition  = data.aws_partition.current.partition
  account_id = data.aws_caller_identity.current.account_id

  # The policies of the organization know these names.
  trail_name  = "${var.project}-audit"
  bucket_name = "${var.project}-audit-logs-${local.account_id}"
  key_alias   = "alias/${var.project}-audit-logs"

  # Written out, since bucket and key have to know the trail before it is there.
  trail_arn = "arn:${local.partition}:cloudtrail:${data.aws_region.current.id}:${local.account_id}:trail/${local.trail_name}"
}

# Without event selectors a trail records all management events, reading and writing, and setting them up needs
# PutEventSelectors, which the policies of the organization deny.
#
# Not to CloudWatch Logs: S3 keeps it for a tenth of the price, and Athena searches it.
#trivy:ignore:AWS-0162
resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_252:SNS would tell of every file, and not of what stands in it
  #checkov:skip=CKV2_AWS_10:S3 keeps it for a tenth of the price, see above

  name           = local.trail_name
  s3_bucket_name = aws_s3_bucket.logs.id
  kms_key_id     = aws_kms_key.logs.arn

  is_multi_region_trail         = true
  enable_logging                = true
  include_global_service_events = true
  enable_log_file_validation    = true

  tags = { Name = local.trail_name }

  # CloudTrail tries to write when it is created.
  depends_on = [aws_s3_bucket_policy.logs, aws_s3_bucket_public_access_block.logs]
}

resource "aws_s3_account_public_access_block" "this" {
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}

# There should be no users here. If one is made all the same, the password is a good one. It does not run out: passwords that
# have to change get worse, says NIST (SP 800-63B).
#trivy:ignore:AWS-0062
resource "aws_iam_account_password_policy" "this" {
  #checkov:skip=CKV_AWS_9:passwords that have to change get worse, see above

  minimum_password_length        = 14
  password_reuse_prevention      = 24
  require_lowercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  require_uppercase_characters   = true
  allow_users_to_change_password = true
}

# Finds what this account shares with somebody outside of it.
resource "aws_accessanalyzer_analyzer" "this" {
  analyzer_name = "${var.project}-account"
  type          = "ACCOUNT"
}
