mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::444444444444:role/mock" }
  }

  override_resource {
    target          = aws_iam_openid_connect_provider.github
    override_during = plan
    values          = { arn = "arn:aws:iam::444444444444:oidc-provider/token.actions.githubusercontent.com" }
  }

  override_resource {
    target          = aws_iam_openid_connect_provider.gitlab
    override_during = plan
    values          = { arn = "arn:aws:iam::444444444444:oidc-provider/gitlab.com" }
  }
}

variables {
  project     = "shop"
  environment = "tools-account"
  store_url   = "s3://shop-envctl-store/shop"

  environments = [
    { name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer", look_role_arn = "arn:aws:iam::111111111111:role/envctl-look" },
    { name = "staging", deployer_role_arn = "arn:aws:iam::222222222222:role/envctl-deployer", look_role_arn = "arn:aws:iam::222222222222:role/envctl-look" },
    { name = "prod", deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer", look_role_arn = "arn:aws:iam::333333333333:role/envctl-look" },
  ]

  github_repository    = "acme/shop"
  github_owner_id      = "123456"
  github_repository_id = "456789"
}

run "each_job_has_a_role_of_its_own" {
  command = plan

  assert {
    condition = { for job, made in aws_iam_role.job : job => made.name } == {
      plan = "envctl-ci-plan", drift = "envctl-ci-drift", dev = "envctl-ci-dev", staging = "envctl-ci-staging", prod = "envctl-ci-prod"
    }
    error_message = "One to plan, one to check drift, one for each environment."
  }

  assert {
    condition     = toset(keys(output.deploy_role_arns)) == toset(["dev", "staging", "prod"]) && output.gitlab_provider_arn == null
    error_message = "The outputs name them by environment."
  }

  assert {
    condition     = alltrue([for made in aws_iam_role.job : made.max_session_duration == 3600])
    error_message = "For an hour."
  }
}

run "deploying_jobs_on_github_are_named_exactly" {
  command = plan

  assert {
    condition = alltrue([for name in ["dev", "staging", "prod"] :
      { for condition in data.aws_iam_policy_document.trust[name].statement[0].condition : "${condition.test} ${condition.variable}" => toset(condition.values) } == {
        "StringEquals token.actions.githubusercontent.com:aud"         = toset(["sts.amazonaws.com"])
        "StringEquals token.actions.githubusercontent.com:environment" = toset([name])
        "StringEquals token.actions.githubusercontent.com:job_workflow_ref" = toset([
          "acme/shop/.github/workflows/envctl-deploy.yml@refs/heads/main", "acme/shop/.github/workflows/envctl-operate.yml@refs/heads/main",
        ])
        "StringEquals token.actions.githubusercontent.com:ref"           = toset(["refs/heads/main"])
        "StringEquals token.actions.githubusercontent.com:repository_id" = toset(["456789"])
        "StringEquals token.actions.githubusercontent.com:sub"           = toset(["repo:acme@123456/shop@456789:environment:${name}", "repo:acme/shop:environment:${name}"])
      }
    ])
    error_message = "Repository, workflow, branch and environment, without any pattern."
  }

  assert {
    condition     = alltrue([for document in data.aws_iam_policy_document.trust : length(document.statement) == 1 && toset(document.statement[0].actions) == toset(["sts:AssumeRoleWithWebIdentity"])])
    error_message = "Only with a token, and only of GitHub."
  }
}

run "jobs_that_look_on_github_are_named_by_event_and_branch" {
  command = plan

  assert {
    condition = { for condition in data.aws_iam_policy_document.trust["plan"].statement[0].condition : "${condition.test} ${condition.variable}" => toset(condition.values) } == {
      "StringEquals token.actions.githubusercontent.com:aud"            = toset(["sts.amazonaws.com"])
      "StringEquals token.actions.githubusercontent.com:repository_id"  = toset(["456789"])
      "StringEquals token.actions.githubusercontent.com:sub"            = toset(["repo:acme@123456/shop@456789:pull_request", "repo:acme/shop:pull_request"])
      "StringLike token.actions.githubusercontent.com:job_workflow_ref" = toset(["acme/shop/.github/workflows/envctl-plan.yml@refs/pull/*/merge"])
      "StringLike token.actions.githubusercontent.com:ref"              = toset(["refs/pull/*/merge"])
    }
    error_message = "Pull requests of this repository."
  }

  assert {
    condition = { for condition in data.aws_iam_policy_document.trust["drift"].statement[0].condition : "${condition.test} ${condition.variable}" => toset(condition.values) } == {
      "StringEquals token.actions.githubusercontent.com:aud" = toset(["sts.amazonaws.com"])
      "StringEquals token.actions.githubusercontent.com:job_workflow_ref" = toset([
        for file in ["drift", "deploy", "operate"] : "acme/shop/.github/workflows/envctl-${file}.yml@refs/heads/main"
      ])
      "StringEquals token.actions.githubusercontent.com:ref"           = toset(["refs/heads/main"])
      "StringEquals token.actions.githubusercontent.com:repository_id" = toset(["456789"])
      "StringEquals token.actions.githubusercontent.com:sub"           = toset(["repo:acme@123456/shop@456789:ref:refs/heads/main", "repo:acme/shop:ref:refs/heads/main"])
    }
    error_message = "The protected branch, and the workflows that look from it."
  }
}

run "jobs_on_gitlab_are_named_by_project_and_branch" {
  command = plan

  variables {
    github_repository    = null
    github_owner_id      = null
    github_repository_id = null
    gitlab_project       = "acme/shop"
  }

  assert {
    condition = { for job, document in data.aws_iam_policy_document.trust : job => {
      for condition in document.statement[0].condition : "${condition.test} ${condition.variable}" => one(condition.values)
      } } == {
      plan    = { "StringEquals gitlab.com:aud" = "sts.amazonaws.com", "StringLike gitlab.com:sub" = "project_path:acme/shop:ref_type:branch:ref:*" }
      drift   = { "StringEquals gitlab.com:aud" = "sts.amazonaws.com", "StringEquals gitlab.com:sub" = "project_path:acme/shop:ref_type:branch:ref:main" }
      dev     = { "StringEquals gitlab.com:aud" = "sts.amazonaws.com", "StringEquals gitlab.com:sub" = "project_path:acme/shop:ref_type:branch:ref:main" }
      staging = { "StringEquals gitlab.com:aud" = "sts.amazonaws.com", "StringEquals gitlab.com:sub" = "project_path:acme/shop:ref_type:branch:ref:main" }
      prod    = { "StringEquals gitlab.com:aud" = "sts.amazonaws.com", "StringEquals gitlab.com:sub" = "project_path:acme/shop:ref_type:branch:ref:main" }
    }
    error_message = "All that AWS compares of GitLab's token."
  }

  assert {
    condition     = output.github_provider_arn == null && output.gitlab_provider_arn == "arn:aws:iam::444444444444:oidc-provider/gitlab.com"
    error_message = "And nothing for GitHub."
  }
}

run "workflows_of_a_platform_team_are_named_by_their_own_ref" {
  command = plan

  variables {
    github_workflow_repository = "acme/platform"
    github_workflow_ref        = "refs/tags/v3"
    github_workflows           = { deploy = ["ship.yml"] }
  }

  assert {
    condition = { for job in ["plan", "drift", "prod"] : job => one([for condition in data.aws_iam_policy_document.trust[job].statement[0].condition :
      toset(condition.values) if endswith(condition.variable, ":job_workflow_ref")]) } == {
      plan  = toset(["acme/platform/.github/workflows/envctl-plan.yml@refs/tags/v3"])
      drift = toset(["acme/platform/.github/workflows/envctl-drift.yml@refs/tags/v3", "acme/platform/.github/workflows/ship.yml@refs/tags/v3"])
      prod  = toset(["acme/platform/.github/workflows/ship.yml@refs/tags/v3"])
    }
    error_message = "No workflow of the repository itself."
  }

  assert {
    condition     = one(one([for condition in data.aws_iam_policy_document.trust["prod"].statement[0].condition : condition.values if endswith(condition.variable, ":ref")])) == "refs/heads/main"
    error_message = "Called from the protected branch of the repository."
  }
}

run "gitlab_tells_environments_apart_where_its_subject_names_them" {
  command = plan

  variables {
    github_repository     = null
    github_owner_id       = null
    github_repository_id  = null
    gitlab_project        = "acme/shop"
    gitlab_subject_claims = ["project_path", "ref_type", "ref", "environment_protected", "deployment_tier"]
    environments = [
      { name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer", deployment_tier = "development" },
      { name = "prod", deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer", deployment_tier = "production", gitlab_project = "acme/shop-prod" },
    ]
  }

  assert {
    condition = { for job, document in data.aws_iam_policy_document.trust : job => one([for condition in document.statement[0].condition : "${condition.test} ${one(condition.values)}" if endswith(condition.variable, ":sub")]) } == {
      plan  = "StringLike project_path:acme/shop:ref_type:branch:ref:*:environment_protected:*:deployment_tier:*"
      drift = "StringLike project_path:acme/shop:ref_type:branch:ref:main:environment_protected:*:deployment_tier:*"
      dev   = "StringEquals project_path:acme/shop:ref_type:branch:ref:main:environment_protected:true:deployment_tier:development"
      prod  = "StringEquals project_path:acme/shop-prod:ref_type:branch:ref:main:environment_protected:true:deployment_tier:production"
    }
    error_message = "Each environment by its tier, and prod by a project of its own."
  }
}

run "a_tier_that_is_compared_is_needed" {
  command = plan

  variables {
    gitlab_project        = "acme/shop"
    gitlab_subject_claims = ["project_path", "ref_type", "ref", "deployment_tier"]
  }

  expect_failures = [aws_iam_role.job]
}

run "a_pattern_of_workflows_is_refused" {
  command = plan

  variables {
    github_workflows = { deploy = ["*.yml"] }
  }

  expect_failures = [var.github_workflows]
}

run "a_role_without_a_workflow_is_refused" {
  command = plan

  variables {
    github_workflows = { plan = [] }
  }

  expect_failures = [var.github_workflows]
}

run "a_called_workflow_without_its_ref_is_refused" {
  command = plan

  variables {
    github_workflow_repository = "acme/platform"
  }

  expect_failures = [var.github_workflow_ref]
}

run "a_pattern_of_called_repositories_is_refused" {
  command = plan

  variables {
    github_workflow_repository = "acme/*"
    github_workflow_ref        = "refs/heads/main"
  }

  expect_failures = [var.github_workflow_repository]
}

run "a_subject_without_the_branch_is_refused" {
  command = plan

  variables {
    gitlab_subject_claims = ["project_path", "environment_protected"]
  }

  expect_failures = [var.gitlab_subject_claims]
}

run "an_unknown_tier_is_refused" {
  command = plan

  variables {
    environments = [{ name = "prod", deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer", deployment_tier = "live" }]
  }

  expect_failures = [var.environments]
}

run "a_pattern_of_projects_that_deploy_is_refused" {
  command = plan

  variables {
    environments = [{ name = "prod", deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer", gitlab_project = "acme/*" }]
  }

  expect_failures = [var.environments]
}

run "an_identity_provider_of_the_account_is_used" {
  command = plan

  variables {
    gitlab_project      = "acme/shop"
    gitlab_url          = "https://git.example.com/gitlab"
    gitlab_provider_arn = "arn:aws:iam::444444444444:oidc-provider/git.example.com/gitlab"
    github_provider_arn = "arn:aws:iam::444444444444:oidc-provider/token.actions.githubusercontent.com"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && length(aws_iam_openid_connect_provider.gitlab) == 0
    error_message = "An account has one for each address."
  }

  assert {
    condition     = toset([for statement in data.aws_iam_policy_document.trust["prod"].statement : one(one(statement.principals).identifiers)]) == toset(["arn:aws:iam::444444444444:oidc-provider/token.actions.githubusercontent.com", "arn:aws:iam::444444444444:oidc-provider/git.example.com/gitlab"])
    error_message = "Both are trusted."
  }
}

run "jobs_take_only_the_roles_that_they_need" {
  command = plan

  assert {
    condition = { for job, document in data.aws_iam_policy_document.job : job => toset(flatten([for statement in document.statement : statement.resources if contains(statement.actions, "sts:AssumeRole")])) } == {
      plan    = toset(["arn:aws:iam::111111111111:role/envctl-look"])
      drift   = toset(["arn:aws:iam::111111111111:role/envctl-look", "arn:aws:iam::222222222222:role/envctl-look", "arn:aws:iam::333333333333:role/envctl-look"])
      dev     = toset(["arn:aws:iam::111111111111:role/envctl-look", "arn:aws:iam::111111111111:role/envctl-deployer"])
      staging = toset(["arn:aws:iam::222222222222:role/envctl-look", "arn:aws:iam::222222222222:role/envctl-deployer"])
      prod    = toset(["arn:aws:iam::333333333333:role/envctl-look", "arn:aws:iam::333333333333:role/envctl-deployer"])
    }
    error_message = "A job that looks deploys nowhere; a job that deploys, in one environment."
  }
}

run "more_may_be_looked_into_by_choice" {
  command = plan

  variables {
    pull_request_environments = ["staging"]
    copies_images             = true
  }

  assert {
    condition     = toset(flatten([for statement in data.aws_iam_policy_document.job["plan"].statement : statement.resources if contains(statement.actions, "sts:AssumeRole")])) == toset(["arn:aws:iam::111111111111:role/envctl-look", "arn:aws:iam::222222222222:role/envctl-look"])
    error_message = "Pull requests look into staging."
  }

  assert {
    condition     = toset(flatten([for statement in data.aws_iam_policy_document.job["prod"].statement : statement.resources if statement.sid == "LookIntoEnvironments"])) == toset(["arn:aws:iam::222222222222:role/envctl-look", "arn:aws:iam::333333333333:role/envctl-look"])
    error_message = "Images for prod come from staging."
  }

  assert {
    condition     = toset(flatten([for statement in data.aws_iam_policy_document.job["prod"].statement : statement.resources if statement.sid == "DeployToTheEnvironment"])) == toset(["arn:aws:iam::333333333333:role/envctl-deployer"])
    error_message = "And nothing more is deployed."
  }
}

run "an_environment_without_a_look_role_is_not_looked_into" {
  command = plan

  variables {
    environments = [{ name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer" }]
  }

  assert {
    condition     = alltrue([for job in ["plan", "drift"] : alltrue([for statement in data.aws_iam_policy_document.job[job].statement : !contains(statement.actions, "sts:AssumeRole")])])
    error_message = "No job gets the deployer in its place."
  }
}

run "the_store_is_added_to_as_the_job_needs" {
  command = plan

  assert {
    condition = { for job, document in data.aws_iam_policy_document.job : job => toset(flatten([for statement in document.statement : statement.resources if contains(statement.actions, "s3:PutObject")])) } == {
      plan    = toset([])
      drift   = toset([for folder in ["checkpoints", "ledger", "places", "plans", "readings", "runs"] : "arn:aws:s3:::shop-envctl-store/shop/${folder}/*"])
      dev     = toset(["arn:aws:s3:::shop-envctl-store/shop/*"])
      staging = toset(["arn:aws:s3:::shop-envctl-store/shop/*"])
      prod    = toset(["arn:aws:s3:::shop-envctl-store/shop/*"])
    }
    error_message = "Pull requests write nothing; only deployments write releases."
  }

  assert {
    condition     = { for job, document in data.aws_iam_policy_document.job : job => length([for statement in document.statement : statement if statement.effect == "Deny"]) } == { plan = 0, drift = 1, dev = 0, staging = 0, prod = 0 }
    error_message = "A job that looks at everything does not read what approvers read."
  }

  assert {
    condition = { for job, document in data.aws_iam_policy_document.job : job => toset(flatten([for statement in document.statement : statement.resources if contains(statement.actions, "s3:GetObject") && statement.effect != "Deny"])) } == {
      plan    = toset([for path in ["checkpoints/*", "ledger/*", "places/*", "project.json", "releases/*", "rules/*", "runs/collected/*", "settings/*"] : "arn:aws:s3:::shop-envctl-store/shop/${path}"])
      drift   = toset(["arn:aws:s3:::shop-envctl-store/shop/*"])
      dev     = toset(["arn:aws:s3:::shop-envctl-store/shop/*"])
      staging = toset(["arn:aws:s3:::shop-envctl-store/shop/*"])
      prod    = toset(["arn:aws:s3:::shop-envctl-store/shop/*"])
    }
    error_message = "A pull request reads no plans, and no pages."
  }

  assert {
    condition = { for job, document in data.aws_iam_policy_document.job : job => toset(flatten([for condition in document.statement[0].condition : condition.values if condition.variable == "s3:prefix"])) } == {
      plan    = toset([for folder in ["checkpoints", "ledger", "places", "releases", "rules", "runs/collected", "settings"] : "shop/${folder}/*"])
      drift   = toset(["shop/*"])
      dev     = toset(["shop/*"])
      staging = toset(["shop/*"])
      prod    = toset(["shop/*"])
    }
    error_message = "Each lists its own project alone."
  }

  assert {
    condition = { for job, document in data.aws_iam_policy_document.job : job => join(" ", flatten([for statement in document.statement : statement.resources if contains(statement.actions, "s3:PutObjectRetention")])) } == {
      for job in ["plan", "drift", "dev", "staging", "prod"] : job => job == "plan" ? "" : "arn:aws:s3:::shop-envctl-store/shop/readings/*"
    }
    error_message = "A lock is chosen for pages alone, by jobs that add some."
  }

  assert {
    condition     = length(setsubtract(flatten([for document in data.aws_iam_policy_document.job : [for statement in document.statement : statement.actions]]), ["s3:ListBucket", "s3:ListBucketVersions", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectRetention", "sts:AssumeRole", "sts:TagSession"])) == 0
    error_message = "And nothing is deleted."
  }
}

run "a_bucket_of_one_project_is_listed_as_a_whole" {
  command = plan

  variables {
    store_url = "s3://shop-envctl-store"
  }

  assert {
    condition     = { for job, document in data.aws_iam_policy_document.job : job => length(document.statement[0].condition) } == { plan = 1, drift = 0, dev = 0, staging = 0, prod = 0 }
    error_message = "But not by a pull request."
  }
}

run "github_may_call_an_environment_otherwise" {
  command = plan

  variables {
    environments = [{ name = "prod", deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer", job_environment = "shop-prod" }]
  }

  assert {
    condition     = alltrue([for condition in data.aws_iam_policy_document.trust["prod"].statement[0].condition : toset(condition.values) == toset(["shop-prod"]) if endswith(condition.variable, ":environment")])
    error_message = "By the name of the environment on GitHub."
  }
}

run "roles_that_no_job_could_take_are_refused" {
  command = plan

  variables {
    github_repository    = null
    github_owner_id      = null
    github_repository_id = null
  }

  expect_failures = [aws_iam_role.job]
}

run "a_role_of_a_job_that_takes_itself_is_refused" {
  command = plan

  variables {
    environments = [{ name = "prod", deployer_role_arn = "arn:aws:iam::444444444444:role/ci/envctl-ci-prod" }]
  }

  expect_failures = [var.environments]
}

run "a_role_that_looks_and_deploys_is_refused" {
  command = plan

  variables {
    environments = [{ name = "prod", deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer", look_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer" }]
  }

  expect_failures = [var.environments]
}

run "environments_that_share_a_role_are_refused" {
  command = plan

  variables {
    environments = [
      { name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer" },
      { name = "prod", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer" },
    ]
  }

  expect_failures = [var.environments]
}

run "environments_that_share_jobs_are_refused" {
  command = plan

  variables {
    environments = [
      { name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer", job_environment = "Prod" },
      { name = "prod", deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer" },
    ]
  }

  expect_failures = [var.environments]
}

run "an_environment_with_the_name_of_a_job_is_refused" {
  command = plan

  variables {
    environments = [{ name = "drift", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer" }]
  }

  expect_failures = [var.environments]
}

run "a_pattern_of_roles_is_refused" {
  command = plan

  variables {
    environments = [{ name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/*" }]
  }

  expect_failures = [var.environments]
}

run "an_environment_named_twice_is_refused" {
  command = plan

  variables {
    environments = [
      { name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer" },
      { name = "dev", deployer_role_arn = "arn:aws:iam::222222222222:role/envctl-deployer", job_environment = "other" },
    ]
  }

  expect_failures = [var.environments]
}

run "an_unknown_environment_of_pull_requests_is_refused" {
  command = plan

  variables {
    pull_request_environments = ["production"]
  }

  expect_failures = [var.pull_request_environments]
}

run "a_store_in_a_folder_is_refused" {
  command = plan

  variables {
    store_url = "file://.envctl/store"
  }

  expect_failures = [var.store_url]
}

run "ids_in_the_name_of_the_repository_are_refused" {
  command = plan

  variables {
    github_repository = "acme@123456/shop@456789"
  }

  expect_failures = [var.github_repository]
}

run "a_pattern_of_repositories_is_refused" {
  command = plan

  variables {
    github_repository = "acme/*"
  }

  expect_failures = [var.github_repository]
}

run "a_repository_without_its_ids_is_refused" {
  command = plan

  variables {
    github_owner_id      = null
    github_repository_id = null
  }

  expect_failures = [var.github_owner_id, var.github_repository_id]
}

run "an_id_that_is_a_pattern_is_refused" {
  command = plan

  variables {
    github_repository_id = "4567*"
  }

  expect_failures = [var.github_repository_id]
}

run "a_provider_for_another_address_is_refused" {
  command = plan

  variables {
    github_provider_arn = "arn:aws:iam::444444444444:oidc-provider/gitlab.com"
    gitlab_provider_arn = "arn:aws:iam::444444444444:oidc-provider/git.example.com"
  }

  expect_failures = [var.github_provider_arn, var.gitlab_provider_arn]
}

run "a_pattern_of_projects_is_refused" {
  command = plan

  variables {
    gitlab_project = "acme/*"
  }

  expect_failures = [var.gitlab_project]
}

run "an_address_with_a_slash_at_the_end_is_refused" {
  command = plan

  variables {
    gitlab_url = "https://gitlab.com/"
  }

  expect_failures = [var.gitlab_url]
}

run "a_branch_that_is_a_pattern_is_refused" {
  command = plan

  variables {
    branch = "*"
  }

  expect_failures = [var.branch]
}

run "a_prefix_with_a_path_is_refused" {
  command = plan

  variables {
    job_role_prefix = "ci/envctl"
  }

  expect_failures = [var.job_role_prefix]
}

run "a_session_longer_than_aws_gives_is_refused" {
  command = plan

  variables {
    job_session_seconds = 43201
  }

  expect_failures = [var.job_session_seconds]
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
    environment = "tools account"
  }

  expect_failures = [var.environment]
}

run "who_records_approvals_signs_and_takes_no_role" {
  command = plan

  variables {
    environments = [
      { name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer" },
      { name = "staging", deployer_role_arn = "arn:aws:iam::222222222222:role/envctl-deployer", approval_key_arn = "arn:aws:kms:ap-northeast-1:444444444444:key/1234abcd", approval_job_environment = "four-eyes" },
      { name = "prod", deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer", job_environment = "production", approval_key_arn = "arn:aws:kms:ap-northeast-1:444444444444:alias/envctl-approve-prod" },
    ]
  }

  assert {
    condition     = toset(keys(aws_iam_role.job)) == toset(["plan", "drift", "dev", "staging", "prod", "staging-approval", "prod-approval"]) && toset(keys(output.approval_role_arns)) == toset(["staging", "prod"])
    error_message = "One for each key."
  }

  assert {
    condition = { for job in ["staging-approval", "prod-approval"] : job => flatten([
      for each in data.aws_iam_policy_document.trust[job].statement[0].condition : each.values if endswith(each.variable, ":environment")
    ]) } == { staging-approval = ["four-eyes"], prod-approval = ["production-approval"] }
    error_message = "Only jobs of an environment of GitHub of its own."
  }

  assert {
    condition = { for job, document in data.aws_iam_policy_document.job : job => [
      for each in document.statement : "${one(each.resources)} ${join(",", flatten([for condition in each.condition : condition.values]))}" if contains(each.actions, "kms:Sign")
      ] if length([for each in document.statement : 1 if contains(each.actions, "kms:Sign")]) > 0 } == {
      staging-approval = ["arn:aws:kms:ap-northeast-1:444444444444:key/1234abcd "]
      prod-approval    = ["arn:aws:kms:ap-northeast-1:444444444444:key/* alias/envctl-approve-prod"]
    }
    error_message = "No other job signs, and this one with one key alone."
  }

  assert {
    condition = alltrue([for job in ["staging-approval", "prod-approval"] : !anytrue([
      for each in data.aws_iam_policy_document.job[job].statement : contains(each.actions, "sts:AssumeRole")
    ])])
    error_message = "It deploys nothing."
  }
}

run "environment_named_like_an_approval_job_is_refused" {
  command = plan

  variables {
    environments = [
      { name = "prod", deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer", approval_key_arn = "arn:aws:kms:ap-northeast-1:444444444444:key/1234abcd" },
      { name = "prod-approval", deployer_role_arn = "arn:aws:iam::555555555555:role/envctl-deployer" },
    ]
  }

  expect_failures = [var.environments]
}

run "key_in_the_account_of_an_environment_is_refused" {
  command = plan

  variables {
    environments = [
      { name = "dev", deployer_role_arn = "arn:aws:iam::111111111111:role/envctl-deployer" },
      { name = "prod", deployer_role_arn = "arn:aws:iam::333333333333:role/envctl-deployer", approval_key_arn = "arn:aws:kms:ap-northeast-1:111111111111:key/1234abcd" },
    ]
  }

  expect_failures = [var.environments]
}
