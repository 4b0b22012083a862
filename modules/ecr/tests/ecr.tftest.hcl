mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  project     = "shop"
  environment = "dev"
}

run "an_image_is_fixed_scanned_and_encrypted" {
  command = plan

  assert {
    condition     = aws_ecr_repository.this["web"].name == "shop/web"
    error_message = "The name is the same in each account."
  }

  assert {
    condition     = aws_ecr_repository.this["web"].image_tag_mutability == "IMMUTABLE"
    error_message = "A tag means one image for ever."
  }

  assert {
    condition     = aws_ecr_repository.this["web"].image_scanning_configuration[0].scan_on_push
    error_message = "Images are scanned when they are pushed."
  }

  assert {
    condition     = aws_ecr_repository.this["web"].encryption_configuration[0].encryption_type == "AES256"
    error_message = "Images are encrypted."
  }
}

run "by_default_nothing_is_deleted_and_nobody_else_gets_in" {
  command = plan

  assert {
    condition     = length(aws_ecr_lifecycle_policy.this) == 0
    error_message = "An image may be in use for as long as it is there."
  }

  assert {
    condition     = length(aws_ecr_repository_policy.this) == 0
    error_message = "No account but our own."
  }
}

run "each_image_has_a_repository" {
  variables {
    repositories = ["web", "worker"]
  }

  assert {
    condition     = toset(keys(output.repository_urls)) == toset(["web", "worker"]) && toset(keys(output.repository_arns)) == toset(["web", "worker"])
    error_message = "One repository for each image."
  }
}

run "other_accounts_may_pull_and_nothing_else" {
  command = plan

  variables {
    pull_account_ids = ["222222222222", "333333333333"]
  }

  assert {
    condition = data.aws_iam_policy_document.pull[0].statement[0].actions == toset([
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
    ]) && length(data.aws_iam_policy_document.pull[0].statement) == 1
    error_message = "They pull, and neither push nor delete."
  }

  assert {
    condition = one(data.aws_iam_policy_document.pull[0].statement[0].principals).identifiers == toset([
      "arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root",
    ])
    error_message = "Only the accounts given."
  }

  assert {
    condition     = aws_ecr_repository_policy.this["web"].repository == "shop/web"
    error_message = "The repository has the policy."
  }
}

run "a_limit_counts_images_and_looks_at_no_tag" {
  command = plan

  variables {
    max_images = 1000
  }

  assert {
    condition = jsondecode(aws_ecr_lifecycle_policy.this["web"].policy).rules[0].selection == {
      tagStatus = "any", countType = "imageCountMoreThan", countNumber = 1000
    } && length(jsondecode(aws_ecr_lifecycle_policy.this["web"].policy).rules) == 1
    error_message = "The newest images stay, copies without a tag too."
  }
}

run "a_limit_that_a_release_does_not_survive_is_refused" {
  command = plan

  variables {
    max_images = 20
  }

  expect_failures = [var.max_images]
}

run "a_name_in_capitals_is_refused" {
  command = plan

  variables {
    repositories = ["Web"]
  }

  expect_failures = [var.repositories]
}

run "an_account_that_is_none_is_refused" {
  command = plan

  variables {
    pull_account_ids = ["*"]
  }

  expect_failures = [var.pull_account_ids]
}

run "a_project_in_capitals_is_refused" {
  command = plan

  variables {
    project = "Shop"
  }

  expect_failures = [var.project]
}

run "an_environment_with_an_underscore_is_refused" {
  command = plan

  variables {
    environment = "dev_1"
  }

  expect_failures = [var.environment]
}
