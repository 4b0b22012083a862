# It holds which commit is to be built, for as long as a run takes: the builds fetch the code itself. Who reads or writes
# there uses the key, and that is in the trail: a log of its own would say no more.
#trivy:ignore:AWS-0089
resource "aws_s3_bucket" "artifacts" {
  #checkov:skip=CKV_AWS_18:two services use it, and both are in the trail
  #checkov:skip=CKV_AWS_144:what is lost is made anew by the next run
  #checkov:skip=CKV2_AWS_62:nobody waits for single files

  bucket        = "${local.name}-${local.account}"
  force_destroy = true

  # CodePipeline asks for it.
  versioning {
    enabled = true
  }

  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm     = "aws:kms"
        kms_master_key_id = aws_kms_key.artifacts.arn
      }
    }
  }

  lifecycle_rule {
    id      = "expire"
    enabled = true

    abort_incomplete_multipart_upload_days = 7

    expiration {
      days = 30
    }

    noncurrent_version_expiration {
      days = 7
    }
  }

  tags = { Name = "${local.name}-${local.account}" }
}

resource "aws_s3_bucket_public_access_block" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid     = "TlsOnly"
    effect  = "Deny"
    actions = ["s3:*"]
    resources = [
      aws_s3_bucket.artifacts.arn,
      "${aws_s3_bucket.artifacts.arn}/*",
    ]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id
  policy = data.aws_iam_policy_document.bucket.json

  # S3 takes one change of a bucket's access at a time.
  depends_on = [aws_s3_bucket_public_access_block.artifacts]
}

data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109,CKV_AWS_111,CKV_AWS_356:the policy of a key speaks of this key alone, and without its account nobody could change it any more

  statement {
    sid       = "TheAccountDecides"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }
}

resource "aws_kms_key" "artifacts" {
  description             = "What ${local.name} hands on from stage to stage."
  policy                  = data.aws_iam_policy_document.key.json
  enable_key_rotation     = true
  deletion_window_in_days = 7

  tags = { Name = local.name }
}

resource "aws_kms_alias" "artifacts" {
  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.artifacts.key_id
}
