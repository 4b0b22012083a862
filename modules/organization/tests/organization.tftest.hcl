mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Statement\": []}" }
  }

  mock_resource "aws_organizations_organization" {
    defaults = { roots = [{ id = "r-abcd" }] }
  }
}

override_resource {
  target = aws_organizations_organizational_unit.this["DevOU"]
  values = { id = "ou-abcd-11111111" }
}

override_resource {
  target = aws_organizations_organizational_unit.this["ProdOU"]
  values = { id = "ou-abcd-22222222" }
}

variables {
  project     = "shop"
  environment = "management"

  organization_accounts = {
    Account-Dev     = { email = "aws-dev@example.com", unit = "DevOU" }
    Account-Staging = { email = "aws-staging@example.com", unit = "ProdOU" }
    Account-Prod    = { email = "aws-prod@example.com", unit = "ProdOU" }
  }
}

run "the_organization_has_all_features_and_control_policies" {
  assert {
    condition     = aws_organizations_organization.this.feature_set == "ALL" && toset(aws_organizations_organization.this.enabled_policy_types) == toset(["SERVICE_CONTROL_POLICY"])
    error_message = "Without all features there are no service control policies."
  }

  assert {
    condition     = contains(aws_organizations_organization.this.aws_service_access_principals, "cloudtrail.amazonaws.com")
    error_message = "CloudTrail may work for the whole organization."
  }

  assert {
    condition     = toset(keys(output.unit_ids)) == toset(["DevOU", "ProdOU"]) && alltrue([for unit in aws_organizations_organizational_unit.this : unit.parent_id == "r-abcd"])
    error_message = "Both units hang from the root."
  }
}

run "each_account_is_in_its_unit" {
  assert {
    condition = { for name, account in aws_organizations_account.this : name => account.parent_id } == {
      Account-Dev     = "ou-abcd-11111111"
      Account-Staging = "ou-abcd-22222222"
      Account-Prod    = "ou-abcd-22222222"
    }
    error_message = "Dev is in DevOU; staging and prod are in ProdOU."
  }

  assert {
    condition     = alltrue([for account in aws_organizations_account.this : account.role_name == "OrganizationAccountAccessRole"])
    error_message = "The foundation gets in through the role that the policies know."
  }

  assert {
    condition     = toset(keys(output.account_ids)) == toset(keys(var.organization_accounts))
    error_message = "Ids come out by name."
  }
}

run "an_account_outlives_a_corrected_address" {
  variables {
    organization_accounts = {
      Account-Dev     = { email = "aws-development@example.com", unit = "DevOU" }
      Account-Staging = { email = "aws-staging@example.com", unit = "ProdOU" }
      Account-Prod    = { email = "aws-prod@example.com", unit = "ProdOU" }
    }
  }

  assert {
    condition     = aws_organizations_account.this["Account-Dev"].email == "aws-dev@example.com"
    error_message = "Another address would open another account."
  }
}

run "each_unit_is_bound_by_its_own_policy_and_the_common_one" {
  command = plan

  assert {
    condition     = { for name, bound in local.attachments : name => "${bound.unit} ${bound.policy}" } == { dev_everywhere = "DevOU everywhere", dev = "DevOU dev", prod_everywhere = "ProdOU everywhere", prod = "ProdOU prod" }
    error_message = "Two policies a unit."
  }

  assert {
    condition     = alltrue([for policy in aws_organizations_policy.this : policy.type == "SERVICE_CONTROL_POLICY"]) && length(aws_organizations_policy_attachment.this) == 4
    error_message = "They are service control policies, and attached."
  }
}

run "nobody_switches_cloudtrail_off" {
  command = plan

  assert {
    condition     = toset(data.aws_iam_policy_document.everywhere.statement[1].actions) == toset(["cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail"])
    error_message = "All four ways to silence a trail are closed."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.everywhere.statement[1].condition) == 0
    error_message = "For everybody."
  }

  assert {
    condition     = alltrue([for policy in [data.aws_iam_policy_document.everywhere, data.aws_iam_policy_document.dev, data.aws_iam_policy_document.prod] : alltrue([for statement in policy.statement : statement.effect == "Deny"])])
    error_message = "A control policy takes away, and gives nothing."
  }
}

run "nobody_leaves_and_nobody_makes_users" {
  command = plan

  assert {
    condition     = contains(data.aws_iam_policy_document.everywhere.statement[0].actions, "organizations:LeaveOrganization") && length(data.aws_iam_policy_document.everywhere.statement[0].condition) == 0
    error_message = "No account leaves the organization."
  }

  assert {
    condition = anytrue([for statement in data.aws_iam_policy_document.everywhere.statement :
      toset(statement.actions) == toset(["iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateUser"]) && length(statement.condition) == 0
    ])
    error_message = "No users, no keys, no passwords."
  }
}

run "a_database_in_dev_has_to_be_private" {
  command = plan

  assert {
    condition = [for condition in data.aws_iam_policy_document.dev.statement[0].condition : "${condition.test} ${condition.variable} ${join(",", condition.values)}"] == [
      "BoolIfExists rds:PubliclyAccessible true",
    ]
    error_message = "What is public, or does not say, is denied."
  }

  assert {
    condition     = contains(data.aws_iam_policy_document.dev.statement[0].actions, "rds:CreateDBInstance") && contains(data.aws_iam_policy_document.dev.statement[0].actions, "rds:RestoreDBInstanceFromDBSnapshot")
    error_message = "Whether it is made or restored."
  }
}

run "dev_stays_in_its_regions" {
  command = plan

  variables {
    allowed_regions = ["ap-northeast-1", "ap-southeast-*"]
  }

  assert {
    condition = anytrue([for statement in data.aws_iam_policy_document.dev.statement :
      contains(coalesce(statement.not_actions, []), "iam:*") && one(statement.condition).test == "StringNotLike" && one(statement.condition).variable == "aws:RequestedRegion" && toset(one(statement.condition).values) == toset(["ap-northeast-1", "ap-southeast-*"])
    ])
    error_message = "All but global services is denied elsewhere."
  }
}

run "one_role_deletes_data_in_prod" {
  command = plan

  variables {
    data_admin_role = "Custodian"
  }

  assert {
    condition     = toset(["rds:DeleteDBInstance", "rds:DeleteDBCluster", "s3:DeleteBucket"]) == setintersection(toset(data.aws_iam_policy_document.prod.statement[0].actions), toset(["rds:DeleteDBInstance", "rds:DeleteDBCluster", "s3:DeleteBucket"]))
    error_message = "Databases and buckets are kept."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.prod.statement[0].condition).test == "ArnNotLike" && tolist(one(data.aws_iam_policy_document.prod.statement[0].condition).values) == tolist(["arn:aws:iam::*:role/Custodian"])
    error_message = "Except by the role that is named."
  }
}

run "an_unknown_unit_is_refused" {
  command = plan

  variables {
    organization_accounts = { Account-Test = { email = "aws-test@example.com", unit = "TestOU" } }
  }

  expect_failures = [var.organization_accounts]
}

run "an_address_that_is_used_twice_is_refused" {
  command = plan

  variables {
    organization_accounts = {
      Account-Dev  = { email = "aws@example.com", unit = "DevOU" }
      Account-Prod = { email = "AWS@example.com", unit = "ProdOU" }
    }
  }

  expect_failures = [var.organization_accounts]
}

run "a_name_that_aws_does_not_take_is_refused" {
  command = plan

  variables {
    organization_accounts = { " Account-Dev" = { email = "aws@example.com", unit = "DevOU" } }
  }

  expect_failures = [var.organization_accounts]
}

run "every_region_of_the_world_is_refused" {
  command = plan

  variables {
    allowed_regions = ["*"]
  }

  expect_failures = [var.allowed_regions]
}

run "a_role_with_its_path_is_refused" {
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

run "a_role_that_looks_with_its_path_is_refused" {
  command = plan

  variables {
    look_role_name = "role/envctl-look"
  }

  expect_failures = [var.look_role_name]
}

run "a_prefix_of_jobs_with_a_path_is_refused" {
  command = plan

  variables {
    job_role_prefix = "ci/envctl"
  }

  expect_failures = [var.job_role_prefix]
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
    environment = "management!"
  }

  expect_failures = [var.environment]
}

run "a_policy_longer_than_aws_takes_is_refused" {
  command = plan

  override_data {
    target = data.aws_iam_policy_document.dev
    values = { json = jsonencode([for i in range(600) : "character"]) }
  }

  expect_failures = [aws_organizations_policy.this]
}
