# CloudWatch encrypts every group by itself. A key of one's own costs money each month, and has to let in every service that writes.
#trivy:ignore:AWS-0017
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every group by itself, see above
  #checkov:skip=CKV_AWS_338:log_retention_days says how long, a year by default

  for_each = local.builds

  name              = "/aws/codebuild/${local.name}-${each.key}"
  retention_in_days = var.log_retention_days
}

resource "aws_codebuild_project" "this" {
  for_each = local.builds

  name           = "${local.name}-${each.key}"
  description    = each.value.description
  service_role   = aws_iam_role.build[each.key].arn
  encryption_key = aws_kms_key.artifacts.arn
  build_timeout  = var.timeout_minutes
  queued_timeout = 480

  artifacts {
    type = "CODEPIPELINE"
  }

  environment {
    type         = "LINUX_CONTAINER"
    compute_type = var.compute_type
    image        = var.image

    # What a command came to: the release that it made.
    environment_variable {
      name  = "ENVCTL_DOTENV"
      value = "/tmp/envctl.env"
    }
  }

  source {
    type      = "CODEPIPELINE"
    buildspec = local.buildspec
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.this[each.key].name
    }
  }

  tags = { Name = "${local.name}-${each.key}" }
}
