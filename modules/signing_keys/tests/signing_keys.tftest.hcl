mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::333333333333:policy/mock" }
  }
}

variables {
  project     = "shop"
  environment = "prod-account"
  environments = [{
    name           = "prod"
    deployment_key = "arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-prod"
    look_key       = "arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-look-prod"
    approval_key   = "arn:aws:kms:ap-northeast-1:444444444444:key/mrk-1"
    deployer_roles = ["envctl-deployer"]
    look_roles     = ["envctl-look"]
  }]
}

run "each_kind_signs_with_its_key" {
  command = plan

  assert {
    condition = { for name, document in data.aws_iam_policy_document.sign : name => one(document.statement[0].resources) } == {
      "prod-deployment" = "arn:aws:kms:ap-northeast-1:333333333333:key/*"
      "prod-look"       = "arn:aws:kms:ap-northeast-1:333333333333:key/*"
      "prod-approval"   = "arn:aws:kms:ap-northeast-1:444444444444:key/mrk-1"
    }
    error_message = "The key, or those of its account and region."
  }

  assert {
    condition = { for name, document in data.aws_iam_policy_document.sign : name => flatten([for condition in document.statement[0].condition : [condition.variable, tolist(condition.values)]]) } == {
      "prod-deployment" = ["kms:RequestAlias", "alias/envctl-prod"]
      "prod-look"       = ["kms:RequestAlias", "alias/envctl-look-prod"]
      "prod-approval"   = []
    }
    error_message = "Asked for by its alias."
  }

  assert {
    condition = { for name, document in data.aws_iam_policy_document.sign : name => toset(one(document.statement[1].condition).values) } == {
      "prod-deployment" = toset(["alias/envctl-look-*", "alias/envctl-look-prod", "alias/envctl-approve-*"])
      "prod-look"       = toset(["alias/envctl-prod", "alias/envctl-approve-*"])
      "prod-approval"   = toset(["alias/envctl-prod", "alias/envctl-look-*", "alias/envctl-look-prod"])
    }
    error_message = "Never with a key of another kind."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.sign["prod-deployment"].statement : one(statement.resources) if statement.sid == "SignWithNoKeyOfOtherKinds"] == ["arn:aws:kms:ap-northeast-1:444444444444:key/mrk-1"]
    error_message = "A key without an alias is denied by its ARN."
  }
}

run "roles_of_this_account_get_their_policies" {
  command = plan

  assert {
    condition = { for name, attached in aws_iam_role_policy_attachment.sign : name => attached.role } == {
      "prod-deployment-envctl-deployer" = "envctl-deployer"
      "prod-look-envctl-look"           = "envctl-look"
    }
    error_message = "Each the one of its kind."
  }

  assert {
    condition     = toset(keys(aws_iam_policy.sign)) == toset(["prod-deployment", "prod-look"]) && toset(keys(output.sign_policies)) == toset(["prod-deployment", "prod-look", "prod-approval"])
    error_message = "People of other accounts take theirs from the output."
  }

  assert {
    condition     = toset(keys(aws_iam_role_policy_attachment.leave)) == toset(["envctl-deployer", "envctl-look"])
    error_message = "Who deploys or looks leaves the keys alone."
  }
}

run "deployers_change_no_key" {
  command = plan

  variables {
    other_aliases = ["alias/shop-audit-logs"]
  }

  assert {
    condition     = toset(one(data.aws_iam_policy_document.leave.statement[0].condition).values) == toset(["alias/envctl-*", "alias/envctl-prod", "alias/envctl-look-prod", "alias/envctl-look-*", "alias/envctl-approve-*", "alias/shop-audit-logs"])
    error_message = "By their aliases."
  }

  assert {
    condition     = toset(data.aws_iam_policy_document.leave.statement[0].not_actions) == toset(["kms:Decrypt", "kms:Describe*", "kms:Get*", "kms:List*", "kms:Sign", "kms:Verify"]) && alltrue([for statement in data.aws_iam_policy_document.leave.statement : statement.effect == "Deny"])
    error_message = "Everything but to sign and to read."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.leave.statement : one(statement.resources) if statement.sid == "LeaveTheKeysWithoutAlias"] == ["arn:aws:kms:ap-northeast-1:444444444444:key/mrk-1"]
    error_message = "A key that is named by its ARN as well."
  }
}

run "keys_of_a_project_called_envctl_stay_its_own" {
  command = plan

  variables {
    project = "envctl"
  }

  assert {
    condition     = !contains(one(data.aws_iam_policy_document.leave.statement[0].condition).values, "alias/envctl-*")
    error_message = "alias/envctl-prod-database is a key of its workload."
  }
}

run "aliases_are_made_for_keys_made_by_hand" {
  command = plan

  variables {
    aliases = { "alias/envctl-prod" = "1234abcd-12ab-34cd-56ef-1234567890ab" }
  }

  assert {
    condition     = { for name, alias in aws_kms_alias.this : name => alias.target_key_id } == { "alias/envctl-prod" = "1234abcd-12ab-34cd-56ef-1234567890ab" }
    error_message = "As they are named."
  }
}

run "project_is_short" {
  command = plan

  variables {
    project = "Shop"
  }

  expect_failures = [var.project]
}

run "environment_is_short" {
  command = plan

  variables {
    environment = "Prod Account"
  }

  expect_failures = [var.environment]
}

run "no_environment" {
  command = plan

  variables {
    environments = []
  }

  expect_failures = [var.environments]
}

run "a_bare_alias_has_no_account" {
  command = plan

  variables {
    environments = [{ name = "prod", deployment_key = "alias/envctl-prod" }]
  }

  expect_failures = [var.environments]
}

run "a_key_signs_for_one_alone" {
  command = plan

  variables {
    environments = [{
      name           = "prod"
      deployment_key = "arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-prod"
      approval_key   = "arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-prod"
    }]
  }

  expect_failures = [var.environments]
}

run "a_deployer_does_not_sign_for_people" {
  command = plan

  variables {
    environments = [{
      name           = "prod"
      deployment_key = "arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-prod"
      approval_key   = "arn:aws:kms:ap-northeast-1:444444444444:alias/envctl-approve-prod"
      deployer_roles = ["envctl-deployer"]
      people_roles   = ["envctl-deployer"]
    }]
  }

  expect_failures = [var.environments]
}

run "who_looks_does_not_sign_for_others" {
  command = plan

  variables {
    environments = [
      { name = "dev", look_key = "arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-look-dev", look_roles = ["envctl-look"] },
      { name = "prod", deployment_key = "arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-prod", deployer_roles = ["envctl-look"] },
    ]
  }

  expect_failures = [var.environments]
}

run "aliases_are_named_as_aws_names_them" {
  command = plan

  variables {
    aliases = { "envctl-prod" = "1234abcd-12ab-34cd-56ef-1234567890ab" }
  }

  expect_failures = [var.aliases]
}

run "other_aliases_are_aliases" {
  command = plan

  variables {
    other_aliases = ["shop-audit-logs"]
  }

  expect_failures = [var.other_aliases]
}
