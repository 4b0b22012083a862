# A pipeline of its own: its builds take the role of each environment that only looks.
resource "aws_codepipeline" "drift" {
  count = var.drift_schedule == null ? 0 : 1

  name     = "${local.name}-drift"
  role_arn = aws_iam_role.pipeline.arn

  artifact_store {
    location = aws_s3_bucket.artifacts.id
    type     = "S3"

    encryption_key {
      id   = aws_kms_key.artifacts.arn
      type = "KMS"
    }
  }

  stage {
    name = "source"

    action {
      name             = "source"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeStarSourceConnection"
      version          = "1"
      output_artifacts = ["source"]
      configuration    = merge(local.source, { DetectChanges = "false" })
    }
  }

  stage {
    name = "drift"

    dynamic "action" {
      for_each = var.environments

      content {
        name            = action.value.name
        category        = "Build"
        owner           = "AWS"
        provider        = "CodeBuild"
        version         = "1"
        input_artifacts = ["source"]

        configuration = {
          ProjectName = aws_codebuild_project.this["look"].name
          EnvironmentVariables = jsonencode([
            { name = "TASK", value = "drift", type = "PLAINTEXT" },
            { name = "ENVIRONMENT", value = action.value.name, type = "PLAINTEXT" },
          ])
        }
      }
    }
  }

  depends_on = [aws_iam_role_policy.pipeline, aws_iam_role_policy.build]
}

resource "aws_cloudwatch_event_rule" "drift" {
  count = length(aws_codepipeline.drift)

  name                = "${local.name}-drift"
  description         = "Looks for drift in the environments of ${var.project}."
  schedule_expression = "cron(${var.drift_schedule})"

  tags = { Name = "${local.name}-drift" }
}

resource "aws_cloudwatch_event_target" "drift" {
  count = length(aws_codepipeline.drift)

  rule      = aws_cloudwatch_event_rule.drift[0].name
  target_id = "pipeline"
  arn       = aws_codepipeline.drift[0].arn
  role_arn  = aws_iam_role.schedule[0].arn

  depends_on = [aws_iam_role_policy.schedule]
}
