mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111111111111:role/mock" }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111111111111:policy/mock" }
  }
}

variables {
  project               = "shop"
  environment           = "dev-account"
  deploys_environment   = "dev"
  management_account_id = "999999999999"
  deployer_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-dev"]
}

run "nobody_is_let_in_who_is_not_asked_for" {
  assert {
    condition     = length(aws_iam_role.people) == 0 && length(aws_iam_role.look) == 0 && output.look_role_arn == null
    error_message = "No roles for people, and none that looks."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.deployer_trust.statement) == 1 && toset(one(data.aws_iam_policy_document.deployer_trust.statement[0].principals).identifiers) == toset(["arn:aws:iam::444444444444:role/envctl-ci-dev"])
    error_message = "The job is the only one that becomes the deployer."
  }

  assert {
    condition     = aws_iam_role.deployer.name == "envctl-deployer" && aws_iam_role.deployer.max_session_duration == 3600 && output.deployer_role_arn == aws_iam_role.deployer.arn
    error_message = "It is called as envctl.toml calls it."
  }
}

run "people_bring_their_second_factor_and_their_own_name" {
  command = plan

  variables {
    people_roles = ["developer", "qa", "operator", "data_admin"]
  }

  assert {
    condition     = { for role, made in aws_iam_role.people : role => made.name } == { developer = "DeveloperRole", qa = "QARole", operator = "OperatorRole", data_admin = "DataAdminRole" }
    error_message = "The roles are called as everybody calls them."
  }

  assert {
    condition = alltrue([for trust in data.aws_iam_policy_document.people_trust :
      anytrue([for condition in trust.statement[0].condition : condition.test == "Bool" && condition.variable == "aws:MultiFactorAuthPresent" && tolist(condition.values) == tolist(["true"])])
    ])
    error_message = "A second factor, for each of them."
  }

  assert {
    condition = alltrue([for trust in data.aws_iam_policy_document.people_trust :
      anytrue([for condition in trust.statement[0].condition : condition.variable == "sts:RoleSessionName" && tolist(condition.values) == tolist(["&{aws:username}"])])
    ])
    error_message = "Nobody works under another's name."
  }

  assert {
    condition     = alltrue([for trust in data.aws_iam_policy_document.people_trust : toset(one(trust.statement[0].principals).identifiers) == toset(["arn:aws:iam::999999999999:root"])])
    error_message = "From the management account."
  }

  assert {
    condition     = aws_iam_role.people["operator"].max_session_duration == 3600 && aws_iam_role.people["data_admin"].max_session_duration == 3600
    error_message = "An hour in prod."
  }

  assert {
    condition = { for role, attached in aws_iam_role_policy_attachment.people : role => attached.policy_arn } == {
      developer  = "arn:aws:iam::aws:policy/PowerUserAccess"
      qa         = "arn:aws:iam::aws:policy/ReadOnlyAccess"
      operator   = "arn:aws:iam::aws:policy/ReadOnlyAccess"
      data_admin = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    }
    error_message = "Developers have dev; the others look."
  }

  assert {
    condition     = toset(keys(aws_iam_role_policy.people)) == toset(["developer-roles", "qa-no-secrets", "qa-sign", "operator-no-secrets", "operator-sign", "operator-deploy", "data_admin-no-secrets", "data_admin-delete"])
    error_message = "Whoever only looks sees no secret."
  }

  assert {
    condition     = length(aws_iam_role_policy_attachment.developer_foundation) == 1
    error_message = "Developers leave the foundation alone."
  }
}

run "who_looks_reads_no_secret_and_no_state" {
  command = plan

  assert {
    condition     = length(setintersection(data.aws_iam_policy_document.no_secrets.statement[0].actions, ["secretsmanager:GetSecretValue", "kms:Decrypt"])) == 2 && alltrue([for statement in data.aws_iam_policy_document.no_secrets.statement : statement.effect == "Deny"])
    error_message = "Secrets are denied."
  }

  assert {
    condition     = toset(data.aws_iam_policy_document.no_secrets.statement[1].resources) == toset(["arn:aws:s3:::shop-tfstate-111111111111/*"])
    error_message = "And states."
  }
}

run "the_job_of_the_environment_alone_deploys" {
  command = plan

  variables {
    look_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-plan", "arn:aws:iam::444444444444:role/envctl-ci-drift", "arn:aws:iam::444444444444:role/envctl-ci-dev"]
  }

  assert {
    condition     = toset(one(data.aws_iam_policy_document.deployer_trust.statement[0].principals).identifiers) == toset(["arn:aws:iam::444444444444:role/envctl-ci-dev"])
    error_message = "The deployer trusts the job of its environment."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.look_trust[0].statement) == 1 && toset(one(data.aws_iam_policy_document.look_trust[0].statement[0].principals).identifiers) == toset(var.look_trusted_arns)
    error_message = "The role that looks trusts those that are named."
  }

  assert {
    condition     = aws_iam_role.look[0].name == "envctl-look" && toset(keys(aws_iam_role_policy_attachment.look)) == toset(["resources", "state"])
    error_message = "It is called as envctl.toml calls it."
  }
}

run "the_role_that_looks_changes_nothing" {
  command = plan

  variables {
    look_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-drift"]
  }

  assert {
    condition = alltrue(flatten([for document in [data.aws_iam_policy_document.look_resources, data.aws_iam_policy_document.look_state] : [
      for statement in document.statement : [
        for action in statement.actions : can(regex("^[a-z0-9-]+:(Describe|Get|List|View|BatchCheck|BatchGet)", action)) || contains(["kms:Decrypt", "kms:Sign"], action)
      ] if statement.effect != "Deny"
    ]]))
    error_message = "It reads; it decrypts one secret, and signs with a key of its own."
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.look_resources.statement : statement.sid => [for condition in statement.condition : tolist(condition.values)[0] if condition.variable == "kms:RequestAlias"] if contains(statement.actions, "kms:Sign") } == { SignFoundDrift = ["alias/envctl-look-dev"] }
    error_message = "Never with the key of the environment."
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.look_state.statement : statement.sid => one(statement.resources) if contains(statement.actions, "s3:GetObject") } == { ReadTheStates = "arn:aws:s3:::shop-tfstate-111111111111/dev/*" }
    error_message = "Of its own environment alone."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.look_state.statement : statement.effect if contains(statement.actions, "sts:AssumeRole*")] == ["Deny"]
    error_message = "It takes no other role."
  }

  assert {
    condition = alltrue(flatten([for statement in data.aws_iam_policy_document.look_resources.statement : [
      for action in statement.actions : !contains(statement.resources, "*") if contains(["secretsmanager:GetSecretValue", "ssm:GetParameter", "kms:Decrypt", "kms:Sign"], action)
    ]]))
    error_message = "Secrets are not read, but for the one that the state holds."
  }
}

run "people_who_deploy_may_look" {
  command = plan

  variables {
    people_roles      = ["qa", "operator"]
    look_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-drift"]
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.look_trust[0].statement : statement.sid] == ["NamedRoles", "PeopleOfThisAccount"]
    error_message = "envctl plan takes the role that looks."
  }
}

run "people_sign_with_the_key_of_the_environment" {
  command = plan

  variables {
    people_roles = ["qa"]
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.sign.statement : [statement.sid, one(one(statement.condition).values)]] == [["SignApprovals", "alias/envctl-dev"]]
    error_message = "Without a key of their own."
  }
}

run "people_sign_with_their_own_key" {
  command = plan

  variables {
    people_roles = ["qa"]
    approval_signing_key_arns = [
      "arn:aws:kms:ap-northeast-1:444444444444:alias/envctl-approve-dev",
      "arn:aws:kms:ap-northeast-1:444444444444:key/mrk-1234",
    ]
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.sign.statement : statement.sid => one(statement.resources) } == {
      SignApprovalsByKey    = "arn:aws:kms:ap-northeast-1:444444444444:key/mrk-1234"
      SignApprovalsByAlias0 = "arn:aws:kms:ap-northeast-1:444444444444:key/*"
    }
    error_message = "And with no key of this account."
  }

  assert {
    condition     = one(one(data.aws_iam_policy_document.sign.statement[1].condition).values) == "alias/envctl-approve-dev"
    error_message = "An alias is asked for by its name."
  }
}

run "the_deployer_owns_no_signing_key" {
  command = plan

  assert {
    condition     = { for statement in data.aws_iam_policy_document.foundation.statement : statement.sid => join(" ", sort(one(statement.condition).values)) if contains(["LeaveTheKeys", "SignForNobodyElse"], statement.sid) } == { LeaveTheKeys = "alias/envctl-* alias/shop-audit-logs", SignForNobodyElse = "alias/envctl-approve-* alias/envctl-look-*" }
    error_message = "It leaves them as they are, and signs with its own."
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.data.statement : statement.sid => toset([for condition in statement.condition : condition.variable]) if contains(coalesce(statement.actions, []), "kms:TagResource") } == { TagNewKeys = toset(["aws:RequestTag/environment", "aws:ResourceTag/environment", "kms:ResourceAliases"]) }
    error_message = "It tags new keys alone."
  }
}

run "keys_of_a_project_called_envctl_stay_its_own" {
  command = plan

  variables {
    project = "envctl"
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.foundation.statement : contains(one(statement.condition).values, "alias/envctl-*") if statement.sid == "LeaveTheKeys"] == [false]
    error_message = "alias/envctl-dev-database is a key of its workload."
  }
}

run "a_key_of_people_has_an_arn" {
  command = plan

  variables {
    approval_signing_key_arns = ["alias/envctl-approve-dev"]
  }

  expect_failures = [var.approval_signing_key_arns]
}

run "a_deployer_takes_no_deployer" {
  command = plan

  variables {
    deployer_trusted_arns = ["arn:aws:iam::222222222222:role/envctl-deployer"]
  }

  expect_failures = [var.deployer_trusted_arns]
}

run "a_job_that_looks_is_no_deployer" {
  command = plan

  variables {
    deployer_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-plan"]
  }

  expect_failures = [var.deployer_trusted_arns]
}

run "a_role_that_looks_takes_no_role_that_looks" {
  command = plan

  variables {
    look_trusted_arns = ["arn:aws:iam::222222222222:role/envctl-look"]
  }

  expect_failures = [var.look_trusted_arns]
}

run "a_whole_account_that_looks_is_refused" {
  command = plan

  variables {
    look_trusted_arns = ["arn:aws:iam::444444444444:root"]
  }

  expect_failures = [var.look_trusted_arns]
}

run "one_role_for_both_is_refused" {
  command = plan

  variables {
    look_role_name = "envctl-deployer"
  }

  expect_failures = [var.look_role_name]
}

run "a_session_longer_than_aws_gives_is_refused" {
  command = plan

  variables {
    deployer_session_seconds = 60
  }

  expect_failures = [var.deployer_session_seconds]
}

run "the_deployer_has_the_states_of_its_environment" {
  command = plan

  assert {
    condition     = { for statement in data.aws_iam_policy_document.state.statement : statement.sid => one(statement.resources) if statement.sid != "LookAtTheBucket" } == { ListTheStates = "arn:aws:s3:::shop-tfstate-111111111111", ReadAndWriteTheStates = "arn:aws:s3:::shop-tfstate-111111111111/dev/*", GiveUpTheLocks = "arn:aws:s3:::shop-tfstate-111111111111/dev/*.tflock" }
    error_message = "As docs/iam.md has it."
  }

  assert {
    condition     = toset(data.aws_iam_policy_document.state.statement[2].actions) == toset(["s3:DeleteObject"])
    error_message = "It takes away locks, and no state."
  }
}

run "another_bucket_of_states_is_taken" {
  command = plan

  variables {
    state_bucket = "acme-states"
  }

  assert {
    condition     = tolist(data.aws_iam_policy_document.state.statement[0].resources) == tolist(["arn:aws:s3:::acme-states"]) && toset(data.aws_iam_policy_document.no_secrets.statement[1].resources) == toset(["arn:aws:s3:::acme-states/*"])
    error_message = "For whoever writes states, and whoever must not read them."
  }
}

run "the_deployer_makes_roles_of_the_pipeline_alone" {
  command = plan

  assert {
    condition     = alltrue([for resource in data.aws_iam_policy_document.roles.statement[0].resources : endswith(resource, "/shop-dev-*")])
    error_message = "Others are out of its reach."
  }

  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.roles.statement :
      anytrue([for condition in statement.condition : condition.variable == "iam:PassedToService"]) if contains(statement.actions, "iam:PassRole")
    ])
    error_message = "A role goes to a service that is named."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.foundation.statement : statement.effect == "Deny"]) && contains(data.aws_iam_policy_document.foundation.statement[0].resources, "arn:aws:iam::111111111111:role/envctl-deployer") && contains(data.aws_iam_policy_document.foundation.statement[0].resources, "arn:aws:iam::111111111111:policy/envctl-deployer-*")
    error_message = "It can't give itself more."
  }

  assert {
    condition     = contains(data.aws_iam_policy_document.foundation.statement[1].actions, "iam:CreateUser") && length(data.aws_iam_policy_document.foundation.statement[1].condition) == 0
    error_message = "No users."
  }

  assert {
    condition     = toset(keys(aws_iam_role_policy_attachment.deployer)) == toset(["compute", "data", "operations", "roles", "state"]) && aws_iam_role_policy_attachment.deployer_foundation.role == "envctl-deployer"
    error_message = "All of it is attached."
  }
}

run "everything_wide_is_said_by_name" {
  command = plan

  assert {
    condition = alltrue(flatten([for document in [data.aws_iam_policy_document.data, data.aws_iam_policy_document.operations, data.aws_iam_policy_document.roles, data.aws_iam_policy_document.state] : [
      for statement in document.statement : !contains(statement.resources, "*") if anytrue([for action in statement.actions : endswith(action, ":*") && !startswith(action, "backup")])
    ]]))
    error_message = "A whole service only on resources that are named, but for backups."
  }
}

run "a_deployer_that_nobody_can_become_is_refused" {
  command = plan

  variables {
    deployer_trusted_arns = []
  }

  expect_failures = [aws_iam_role.deployer]
}

run "a_policy_longer_than_aws_takes_is_refused" {
  command = plan

  override_data {
    target = data.aws_iam_policy_document.compute
    values = { json = jsonencode([for i in range(700) : "character"]) }
  }

  expect_failures = [aws_iam_policy.deployer]
}

run "a_whole_account_as_deployer_is_refused" {
  command = plan

  variables {
    deployer_trusted_arns = ["arn:aws:iam::444444444444:root"]
  }

  expect_failures = [var.deployer_trusted_arns]
}

run "a_pattern_of_roles_as_deployer_is_refused" {
  command = plan

  variables {
    deployer_trusted_arns = ["arn:aws:iam::444444444444:role/*"]
  }

  expect_failures = [var.deployer_trusted_arns]
}

run "an_unknown_role_for_people_is_refused" {
  command = plan

  variables {
    people_roles = ["admin"]
  }

  expect_failures = [var.people_roles]
}

run "a_management_account_that_is_none_is_refused" {
  command = plan

  variables {
    management_account_id = "acme"
  }

  expect_failures = [var.management_account_id]
}

run "a_deployed_environment_that_is_no_name_is_refused" {
  command = plan

  variables {
    deploys_environment = "*"
  }

  expect_failures = [var.deploys_environment]
}

run "a_data_admin_with_its_path_is_refused" {
  command = plan

  variables {
    data_admin_role = "admins/DataAdminRole"
  }

  expect_failures = [var.data_admin_role]
}

run "a_deployer_with_its_path_is_refused" {
  command = plan

  variables {
    deployer_role_name = "role/envctl-deployer"
  }

  expect_failures = [var.deployer_role_name]
}

run "a_bucket_that_is_a_pattern_is_refused" {
  command = plan

  variables {
    state_bucket = "shop-*"
  }

  expect_failures = [var.state_bucket]
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

run "only_named_secret_values_are_read" {
  command = plan

  variables {
    look_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-drift"]
    secret_values     = ["shop/dev/db", "/shop/dev/token"]
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.secret_values[0].statement : one(statement.actions) => one(statement.resources) if !contains(statement.actions, "kms:Decrypt") } == { "secretsmanager:GetSecretValue" = "arn:aws:secretsmanager:*:111111111111:secret:shop/dev/db-??????", "ssm:GetParameter" = "arn:aws:ssm:*:111111111111:parameter/shop/dev/token" }
    error_message = "Of these secrets, and of no others."
  }

  assert {
    condition     = contains(keys(aws_iam_policy.deployer), "values") && contains(keys(aws_iam_policy.look), "values")
    error_message = "A plan needs the values as well."
  }
}

run "no_secret_value_is_read_unasked" {
  command = plan

  variables {
    look_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-drift"]
  }

  assert {
    condition     = length(data.aws_iam_policy_document.secret_values) == 0 && !contains(keys(aws_iam_policy.look), "values")
    error_message = "Nothing is named."
  }
}

run "no_pattern_of_secret_values" {
  command = plan

  variables {
    secret_values = ["shop/*"]
  }

  expect_failures = [var.secret_values]
}
