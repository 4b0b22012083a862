mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "444444444444" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { id = "ap-northeast-1" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:ap-northeast-1:444444444444:key/mock" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::444444444444:role/mock" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mock", id = "mock" }
  }

  mock_resource "aws_codebuild_project" {
    defaults = { arn = "arn:aws:codebuild:ap-northeast-1:444444444444:project/mock" }
  }

  mock_resource "aws_codepipeline" {
    defaults = { arn = "arn:aws:codepipeline:ap-northeast-1:444444444444:mock" }
  }
}

variables {
  project        = "shop"
  connection_arn = "arn:aws:codeconnections:ap-northeast-1:444444444444:connection/aea1f9a1-0000-4000-8000-000000000001"
  repository     = "acme/shop"
  store_url      = "s3://shop-envctl-store/shop"

  environments = [
    { name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer", look_role_arn = "arn:aws:iam::111111111111:role/envctl-look" },
    { name = "staging", deployer_role_arn = "arn:aws:iam::222222222222:role/envctl-deployer", look_role_arn = "arn:aws:iam::222222222222:role/envctl-look" },
    { name = "prod", deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer", look_role_arn = "arn:aws:iam::333333333333:role/envctl-look", approval = true },
  ]
}

run "code_enters_first_and_goes_on_as_the_same_release" {
  assert {
    condition     = join(" ", aws_codepipeline.deploy.stage[*].name) == "source dev staging prod"
    error_message = "One stage an environment, in order."
  }

  assert {
    condition     = aws_codepipeline.deploy.stage[1].action[0].namespace == "entry" && strcontains(local.buildspec, "release") && strcontains(local.buildspec, "test \"$ENVIRONMENT\" != '${var.environments[length(var.environments) - 1].name}' || envctl=\"$envctl --no-warm\"")
    error_message = "The first build says which release it made."
  }

  assert {
    condition = join(" ", flatten([for stage in slice(aws_codepipeline.deploy.stage, 2, 4) : [
      for variable in jsondecode(reverse(stage.action)[0].configuration.EnvironmentVariables) : variable.value
    ]])) == "promote staging dev #{entry.release} promote prod staging #{entry.release}"
    error_message = "Each takes it from the one right before it."
  }

  assert {
    condition     = aws_codepipeline.deploy.stage[0].action[0].configuration.OutputArtifactFormat == "CODEBUILD_CLONE_REF"
    error_message = "A release says which commit it is."
  }
}

run "somebody_is_asked_before_what_asks_for_it" {
  assert {
    condition     = join(" ", [for stage in aws_codepipeline.deploy.stage : join("+", stage.action[*].category)]) == "Source Build Build Build+Approval+Build"
    error_message = "Before prod alone, after its plan."
  }

  assert {
    condition     = join(" ", [for variable in jsondecode(aws_codepipeline.deploy.stage[3].action[0].configuration.EnvironmentVariables) : variable.value]) == "plan prod #{entry.release}"
    error_message = "The plan is of the release that is promoted."
  }

  assert {
    condition = alltrue([for text in ["#{entry.release}", "#{plan-prod.link}", "#{plan-prod.plan}"] :
      strcontains(aws_codepipeline.deploy.stage[3].action[1].configuration.CustomData, text)
    ]) && aws_codepipeline.deploy.stage[3].action[0].namespace == "plan-prod"
    error_message = "Who approves finds the plan."
  }

  assert {
    condition     = !contains(keys(aws_codepipeline.deploy.stage[3].action[1].configuration), "NotificationArn")
    error_message = "Without a topic nobody is told."
  }
}

run "one_environment_is_a_pipeline_too" {
  variables {
    environments = [{ name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer", look_role_arn = "arn:aws:iam::111111111111:role/envctl-look" }]
  }

  assert {
    condition     = join(" ", aws_codepipeline.deploy.stage[*].name) == "source dev"
    error_message = "There is nothing to promote."
  }
}

run "each_build_gets_into_its_own_environment" {
  assert {
    condition = alltrue([for each in var.environments :
      one([for statement in data.aws_iam_policy_document.build[each.name].statement : statement.resources if statement.sid == "GetIntoTheEnvironment"]) == toset([each.deployer_role_arn, each.look_role_arn])
    ])
    error_message = "And into no other."
  }

  assert {
    condition     = one([for statement in data.aws_iam_policy_document.build["look"].statement : statement.resources if statement.sid == "GetIntoTheEnvironment"]) == toset(var.environments[*].look_role_arn)
    error_message = "The build that plans and checks drift takes no deployer."
  }

  assert {
    condition     = !contains(one([for statement in data.aws_iam_policy_document.build["look"].statement : statement.resources if statement.sid == "AddToTheStore"]), "arn:aws:s3:::shop-envctl-store/shop/*")
    error_message = "And it adds no releases and no approvals."
  }

  assert {
    condition     = !anytrue([for statement in data.aws_iam_policy_document.pipeline.statement : contains(statement.actions, "sts:AssumeRole")])
    error_message = "What starts the builds gets into none."
  }

  assert {
    condition     = one([for statement in data.aws_iam_policy_document.build["dev"].statement : statement.resources if statement.sid == "AddToTheStore"]) == toset(["arn:aws:s3:::shop-envctl-store/shop/*"])
    error_message = "Of the store, what is below its prefix."
  }

  assert {
    condition     = one(one(data.aws_iam_policy_document.assume["codebuild"].statement).condition).values == tolist(["444444444444"])
    error_message = "And for builds of this account alone."
  }

  assert {
    condition     = length([for statement in data.aws_iam_policy_document.build["dev"].statement : statement if statement.sid == "FetchTheCode" && length(statement.resources) == 2]) == 1
    error_message = "The connection under both names that AWS has for it."
  }
}

run "a_store_without_a_prefix_is_the_whole_bucket" {
  variables {
    store_url = "s3://shop-envctl-store"
  }

  assert {
    condition     = one([for statement in data.aws_iam_policy_document.build["dev"].statement : statement.resources if statement.sid == "AddToTheStore"]) == toset(["arn:aws:s3:::shop-envctl-store/*"])
    error_message = "Every object of it."
  }
}

run "nothing_runs_for_ever_or_as_root_of_docker" {
  assert {
    condition     = alltrue([for build in aws_codebuild_project.this : build.build_timeout == 180 && coalesce(build.environment[0].privileged_mode, false) == false])
    error_message = "A build ends after three hours."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 365])
    error_message = "Logs are kept for a year."
  }
}

run "what_is_handed_on_is_encrypted_and_private" {
  assert {
    condition     = aws_s3_bucket.artifacts.server_side_encryption_configuration[0].rule[0].apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
    error_message = "With the key of the pipeline."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.artifacts.block_public_policy && aws_s3_bucket_public_access_block.artifacts.restrict_public_buckets
    error_message = "Nothing of it is public."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.bucket.statement).effect == "Deny"
    error_message = "Nothing without TLS."
  }
}

run "drift_is_looked_for_at_night_without_a_deployer" {
  assert {
    condition     = join(" ", aws_codepipeline.drift[0].stage[1].action[*].name) == "dev staging prod" && aws_cloudwatch_event_rule.drift[0].schedule_expression == "cron(17 18 * * ? *)"
    error_message = "One look for each."
  }

  assert {
    condition     = distinct([for action in aws_codepipeline.drift[0].stage[1].action : action.configuration.ProjectName]) == tolist(["shop-pipeline-look"])
    error_message = "With the roles that only look."
  }

  assert {
    condition     = aws_codepipeline.drift[0].stage[0].action[0].configuration.DetectChanges == "false"
    error_message = "A merge starts none."
  }
}

run "drift_can_be_left_out" {
  variables {
    drift_schedule = null
  }

  assert {
    condition     = length(aws_codepipeline.drift) + length(aws_cloudwatch_event_rule.drift) + length(aws_iam_role.schedule) == 0 && output.drift_pipeline_name == null
    error_message = "Then nothing of it is there."
  }
}

run "a_topic_is_told_and_may_be" {
  variables {
    topic_arn = "arn:aws:sns:ap-northeast-1:444444444444:approvals"
  }

  assert {
    condition     = aws_codepipeline.deploy.stage[3].action[1].configuration.NotificationArn == var.topic_arn
    error_message = "When somebody is asked."
  }

  assert {
    condition     = length([for statement in data.aws_iam_policy_document.pipeline.statement : statement if statement.sid == "AskForApproval"]) == 1
    error_message = "The pipeline may publish there."
  }
}

run "an_environment_is_named_once" {
  command = plan

  variables {
    environments = [
      { name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer", look_role_arn = "arn:aws:iam::111111111111:role/envctl-look" },
      { name = "dev", deployer_role_arn = "arn:aws:iam::222222222222:role/envctl-deployer", look_role_arn = "arn:aws:iam::222222222222:role/envctl-look" },
    ]
  }

  expect_failures = [var.environments]
}

run "a_role_is_one_role" {
  command = plan

  variables {
    environments = [{ name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/*", look_role_arn = "arn:aws:iam::111111111111:role/envctl-look" }]
  }

  expect_failures = [var.environments]
}

run "nobody_is_asked_before_the_first_one" {
  command = plan

  variables {
    environments = [{ name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer", look_role_arn = "arn:aws:iam::111111111111:role/envctl-look", approval = true }]
  }

  expect_failures = [var.environments]
}

run "there_is_at_least_one" {
  command = plan

  variables {
    environments = []
  }

  expect_failures = [var.environments]
}

run "a_role_that_looks_deploys_nowhere" {
  command = plan

  variables {
    environments = [
      { name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer", look_role_arn = "arn:aws:iam::222222222222:role/envctl-deployer" },
      { name = "prod", deployer_role_arn = "arn:aws:iam::222222222222:role/envctl-deployer", look_role_arn = "arn:aws:iam::222222222222:role/envctl-look" },
    ]
  }

  expect_failures = [var.environments]
}

run "no_environment_takes_the_name_of_the_build_that_plans" {
  command = plan

  variables {
    environments = [{ name = "look", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer", look_role_arn = "arn:aws:iam::111111111111:role/envctl-look" }]
  }

  expect_failures = [var.environments]
}

run "what_is_installed_is_that_of_the_commit" {
  assert {
    condition     = yamldecode(local.buildspec).phases.install.commands == ["sh './.codebuild/envctl/install.sh' /tmp/envctl"]
    error_message = "By hash, and no other envctl."
  }

  assert {
    condition     = yamldecode(local.buildspec).phases.install.runtime-versions.python == "3.12"
    error_message = "With the Python of the image."
  }
}

run "an_image_of_your_own_is_named_by_its_digest" {
  variables {
    image = "registry.example.com/build@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }

  assert {
    condition     = !contains(keys(yamldecode(local.buildspec).phases.install), "runtime-versions")
    error_message = "It chooses its Python itself."
  }
}

run "what_is_wrong_is_said" {
  command = plan

  variables {
    project            = "Shop"
    connection_arn     = "arn:aws:iam::444444444444:role/x"
    repository         = "shop"
    branch             = "-x"
    folder             = "a'; rm -rf '"
    store_url          = "file://.envctl/store"
    image              = "python:3.13"
    compute_type       = "HUGE"
    timeout_minutes    = 4
    topic_arn          = "approvals"
    drift_schedule     = "daily"
    log_retention_days = 2
  }

  expect_failures = [
    var.project,
    var.connection_arn,
    var.repository,
    var.branch,
    var.folder,
    var.store_url,
    var.image,
    var.compute_type,
    var.timeout_minutes,
    var.topic_arn,
    var.drift_schedule,
    var.log_retention_days,
  ]
}
