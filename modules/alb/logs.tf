data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# The only encryption that load balancers can write their logs with is that of S3. And a log of who reads logs would have no end.
#trivy:ignore:AWS-0089 trivy:ignore:AWS-0132
resource "aws_s3_bucket" "logs" {
  #checkov:skip=CKV_AWS_18:a log of who reads logs would have no end
  #checkov:skip=CKV_AWS_144:nothing runs on them, and they go after log_retention_days
  #checkov:skip=CKV_AWS_145:load balancers can't write with another key, see above
  #checkov:skip=CKV2_AWS_62:nobody waits for single files of logs

  # The names of buckets are shared by everybody on AWS: the account makes this one ours.
  bucket = "${local.name}-alb-logs-${data.aws_caller_identity.current.account_id}"

  # An environment that may be torn down is never empty here: AWS writes a first object as soon as logs are switched on.
  force_destroy = !var.deletion_protection

  # What is deleted or written over can be brought back for a week.
  versioning {
    enabled = true
  }

  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm = "AES256"
      }
    }
  }

  lifecycle_rule {
    id      = "expire"
    enabled = true

    abort_incomplete_multipart_upload_days = 1

    expiration {
      days = var.log_retention_days
    }

    noncurrent_version_expiration {
      days = 7
    }
  }
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket = aws_s3_bucket.logs.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "logs" {
  # The path holds the account of the load balancer that writes: those of others find no way in (confused deputy).
  statement {
    sid       = "WriteLogs"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.logs.arn}/AWSLogs/${data.aws_caller_identity.current.account_id}/*"]

    principals {
      type        = "Service"
      identifiers = ["logdelivery.elasticloadbalancing.${data.aws_partition.current.dns_suffix}"]
    }
  }

  statement {
    sid       = "OnlyTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.logs.arn, "${aws_s3_bucket.logs.arn}/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = data.aws_iam_policy_document.logs.json

  # S3 refuses two changes of a bucket's access at once.
  depends_on = [aws_s3_bucket_public_access_block.logs]
}
