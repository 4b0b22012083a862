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

  # The file that a job comes from, and the branch, tag or commit of that file. A job that calls the workflow of a platform team
  # carries that one, and its own ref beside it. Without it any workflow of the branch could take these roles.
  github_workflow_refs = {
    for kind, ref in { plan = "refs/pull/*/merge", drift = "refs/heads/${var.branch}", deploy = "refs/heads/${var.branch}" } : kind =>
    formatlist(
      "${coalesce(var.github_workflow_repository, var.github_repository, "none/none")}/.github/workflows/%s@${coalesce(var.github_workflow_ref, ref)}",
      # Jobs that deploy are preceded by jobs of the same files that plan for reviewers, and take the role of drift.
      kind == "drift" ? distinct(concat(var.github_workflows.drift, var.github_workflows.deploy)) : var.github_workflows[kind],
    )
  }

  # The environments of GitHub whose jobs deploy or approve.
  github_environments = merge(
    { for name, each in local.environments : name => coalesce(each.job_environment, name) },
    { for job, name in local.approvals : job => coalesce(local.environments[name].approval_job_environment, "${coalesce(local.environments[name].job_environment, name)}-approval") },
  )

  # What follows the repository in the subject, and what else AWS compares. The refs of pull requests have a number, so those are a pattern.
  github_jobs = merge(
    {
      plan = {
        subject = "pull_request"
        exact   = {}
        like    = { job_workflow_ref = local.github_workflow_refs.plan, ref = ["refs/pull/*/merge"] }
      }
      drift = {
        subject = "ref:refs/heads/${var.branch}"
        exact   = { job_workflow_ref = local.github_workflow_refs.drift, ref = ["refs/heads/${var.branch}"] }
        like    = {}
      }
    },
    { for job, environment in local.github_environments : job => {
      subject = "environment:${environment}"
      exact = {
        environment      = [environment]
        job_workflow_ref = local.github_workflow_refs.deploy
        ref              = ["refs/heads/${var.branch}"]
      }
      like = {}
    } },
  )

  # GitLab's subject has these claims in this order. A job without an environment has nothing after the last two names.
  gitlab_claims = {
    for name in keys(local.jobs) : name => merge(
      {
        project_path = coalesce(try(local.environments[lookup(local.approvals, name, name)].gitlab_project, null), var.gitlab_project, "none/none")
        ref_type     = "branch"
        ref          = name == "plan" ? "*" : var.branch
      },
      contains(["plan", "drift"], name) ? { environment_protected = "*", deployment_tier = "*" } : {
        environment_protected                                     = "true"
        # The generated pipeline gives this tier to jobs that record what people decide.
        deployment_tier = contains(keys(local.approvals), name) ? "other" : coalesce(local.environments[name].deployment_tier, "production")
      },
    )
  }
  gitlab_subjects = {
    for name, claims in local.gitlab_claims : name => join(":", [for claim in var.gitlab_subject_claims : "${claim}:${claims[claim]}"])
  }
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
          local.github_jobs[each.key].exact,
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
          values   = condition.value
        }
      }
    }
  }

  # Of GitLab's token AWS compares only aud and sub. Without the claims of environments in it GitLab decides which job of the branch gets
  # which role.
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
        test     = strcontains(local.gitlab_subjects[each.key], "*") ? "StringLike" : "StringEquals"
        variable = "${local.gitlab_host}:sub"
        values   = [local.gitlab_subjects[each.key]]
      }
    }
  }
}
