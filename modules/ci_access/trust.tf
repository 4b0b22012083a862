locals {
  github_host = "token.actions.githubusercontent.com"
  gitlab_host = trimprefix(var.gitlab_url, "https://")

  github = var.github_repository == null ? [] : [coalesce(var.github_provider_arn, one(aws_iam_openid_connect_provider.github[*].arn))]
  gitlab = var.gitlab_project == null ? [] : [coalesce(var.gitlab_provider_arn, one(aws_iam_openid_connect_provider.gitlab[*].arn))]

  # GitHub has two forms of a subject: with ids for repositories made, renamed or moved since 15 July 2026, without for others.
  # Both are safe, because the id of the repository is compared as well.
  github_owner = split("/", coalesce(var.github_repository, "none/none"))[0]
  github_name  = split("/", coalesce(var.github_repository, "none/none"))[1]
  github_subjects = [
    "repo:${local.github_owner}@${coalesce(var.github_owner_id, "0")}/${local.github_name}@${coalesce(var.github_repository_id, "0")}",
    "repo:${local.github_owner}/${local.github_name}",
  ]

  # What follows the repository in the subject, and what else AWS compares. The refs of pull requests have a number, so those are a pattern.
  github_jobs = merge(
    {
      plan  = { subject = "pull_request", exact = {}, like = { ref = "refs/pull/*/merge" } }
      drift = { subject = "ref:refs/heads/${var.branch}", exact = { ref = "refs/heads/${var.branch}" }, like = {} }
    },
    { for name, each in local.environments : name => {
      subject = "environment:${coalesce(each.job_environment, name)}"
      exact   = { environment = coalesce(each.job_environment, name), ref = "refs/heads/${var.branch}" }
      like    = {}
    } },
  )
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_repository == null || var.github_provider_arn != null ? 0 : 1

  url            = "https://${local.github_host}"
  client_id_list = ["sts.amazonaws.com"]

  # AWS trusts GitHub by its own list of authorities and ignores these, which providers before 5.81 require.
  thumbprint_list = [
    "1c58a3a8518e8759bf075b76b750d4f2df264fcd",
    "6938fd4d98bab03faadb97b34396831e3780aea1",
  ]
}

resource "aws_iam_openid_connect_provider" "gitlab" {
  count = var.gitlab_project == null || var.gitlab_provider_arn != null ? 0 : 1

  url            = var.gitlab_url
  client_id_list = ["sts.amazonaws.com"]

  # AWS checks the certificate of GitLab with its own list of authorities first. Providers before 5.81 require a thumbprint.
  thumbprint_list = ["b3dd7606d2b5a8b4a13771dbecc9ee1cecafa38a"]
}

data "aws_iam_policy_document" "trust" {
  for_each = local.jobs

  dynamic "statement" {
    for_each = local.github

    content {
      sid     = "JobsOnGitHub"
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type        = "Federated"
        identifiers = [statement.value]
      }

      dynamic "condition" {
        for_each = merge(
          {
            aud           = ["sts.amazonaws.com"]
            repository_id = [var.github_repository_id]
            sub           = [for subject in local.github_subjects : "${subject}:${local.github_jobs[each.key].subject}"]
          },
          { for claim, value in local.github_jobs[each.key].exact : claim => [value] },
        )

        content {
          test     = "StringEquals"
          variable = "${local.github_host}:${condition.key}"
          values   = condition.value
        }
      }

      dynamic "condition" {
        for_each = local.github_jobs[each.key].like

        content {
          test     = "StringLike"
          variable = "${local.github_host}:${condition.key}"
          values   = [condition.value]
        }
      }
    }
  }

  # Of GitLab's token AWS compares only aud and sub, and sub names no environment: GitLab decides which job of the branch gets which role.
  dynamic "statement" {
    for_each = local.gitlab

    content {
      sid     = "JobsOnGitLab"
      actions = ["sts:AssumeRoleWithWebIdentity"]

      principals {
        type        = "Federated"
        identifiers = [statement.value]
      }

      condition {
        test     = "StringEquals"
        variable = "${local.gitlab_host}:aud"
        values   = ["sts.amazonaws.com"]
      }

      condition {
        test     = each.key == "plan" ? "StringLike" : "StringEquals"
        variable = "${local.gitlab_host}:sub"
        values   = ["project_path:${var.gitlab_project}:ref_type:branch:ref:${each.key == "plan" ? "*" : var.branch}"]
      }
    }
  }
}
