data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  name      = "${var.project}-pipeline"
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  entry        = var.environments[0].name
  environments = { for each in var.environments : each.name => each }

  # One build deploys to each environment. One more plans and checks drift in all of them, and can write in none.
  builds = merge(
    { for each in var.environments : each.name => {
      description = "envctl in ${each.name}."
      roles       = [each.deployer_role_arn, each.look_role_arn]
      creates     = ["*"]
    } },
    { look = {
      description = "envctl plans and checks drift."
      roles       = var.environments[*].look_role_arn
      creates     = ["checkpoints/*", "ledger/*", "places/*", "plans/*", "readings/*", "runs/*"]
    } },
  )

  # Each after the first one, with the one that it takes releases from.
  following = [for index, each in slice(var.environments, 1, length(var.environments)) : merge(each, { before = var.environments[index].name })]

  source = {
    ConnectionArn    = var.connection_arn
    FullRepositoryId = var.repository
    BranchName       = var.branch
    # The whole history: envctl says of each release which commit it is, and who wrote it.
    OutputArtifactFormat = "CODEBUILD_CLONE_REF"
  }
}

# One run after another in each stage: what comes later waits, and of those that wait the newest stays. Each run hands on
# the release that its own first stage has made.
resource "aws_codepipeline" "deploy" {
  name     = local.name
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
      configuration    = merge(local.source, { DetectChanges = "true" })
    }
  }

  stage {
    name = local.entry

    action {
      name            = "apply"
      namespace       = "entry"
      category        = "Build"
      owner           = "AWS"
      provider        = "CodeBuild"
      version         = "1"
      input_artifacts = ["source"]

      configuration = {
        ProjectName = aws_codebuild_project.this[local.entry].name
        EnvironmentVariables = jsonencode([
          { name = "TASK", value = "apply", type = "PLAINTEXT" },
          { name = "ENVIRONMENT", value = local.entry, type = "PLAINTEXT" },
        ])
      }
    }
  }

  dynamic "stage" {
    for_each = local.following

    content {
      name = stage.value.name

      # The person who approves reads the plan first.
      dynamic "action" {
        for_each = stage.value.approval ? [stage.value] : []

        content {
          name            = "plan"
          namespace       = "plan-${action.value.name}"
          category        = "Build"
          owner           = "AWS"
          provider        = "CodeBuild"
          version         = "1"
          run_order       = 1
          input_artifacts = ["source"]

          configuration = {
            ProjectName = aws_codebuild_project.this["look"].name
            EnvironmentVariables = jsonencode([
              { name = "TASK", value = "plan", type = "PLAINTEXT" },
              { name = "ENVIRONMENT", value = action.value.name, type = "PLAINTEXT" },
              { name = "RELEASE", value = "#{entry.release}", type = "PLAINTEXT" },
            ])
          }
        }
      }

      dynamic "action" {
        for_each = stage.value.approval ? [stage.value] : []

        content {
          name      = "approve"
          category  = "Approval"
          owner     = "AWS"
          provider  = "Manual"
          version   = "1"
          run_order = 2

          configuration = merge(
            { CustomData = "Promote release #{entry.release} from ${action.value.before} to ${action.value.name}? Read the plan first: #{plan-${action.value.name}.link} (fingerprint #{plan-${action.value.name}.plan})" },
            var.topic_arn == null ? {} : { NotificationArn = var.topic_arn },
          )
        }
      }

      action {
        name            = "promote"
        category        = "Build"
        owner           = "AWS"
        provider        = "CodeBuild"
        version         = "1"
        run_order       = 3
        input_artifacts = ["source"]

        configuration = {
          ProjectName = aws_codebuild_project.this[stage.value.name].name
          EnvironmentVariables = jsonencode([
            { name = "TASK", value = "promote", type = "PLAINTEXT" },
            { name = "ENVIRONMENT", value = stage.value.name, type = "PLAINTEXT" },
            { name = "BEFORE", value = stage.value.before, type = "PLAINTEXT" },
            { name = "RELEASE", value = "#{entry.release}", type = "PLAINTEXT" },
          ])
        }
      }
    }
  }

  depends_on = [aws_iam_role_policy.pipeline, aws_iam_role_policy.build]
}
