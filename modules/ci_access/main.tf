data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition

  names        = var.environments[*].name
  environments = { for each in var.environments : each.name => each }
  deployers    = { for each in var.environments : each.name => each.deployer_role_arn }
  looks        = { for each in var.environments : each.name => each.look_role_arn if each.look_role_arn != null }

  # Who records what people decide about an environment signs with its key for people, and takes no role.
  approvals = { for each in var.environments : "${each.name}-approval" => each.name if each.approval_key_arn != null }

  # Which environments a job may look into, and which one it may deploy to.
  jobs = merge(
    {
      plan  = { deploys = null, looks = distinct(concat([local.names[0]], var.pull_request_environments)) }
      drift = { deploys = null, looks = local.names }
    },
    { for position, name in local.names : name => {
      deploys = name
      looks   = var.copies_images && position > 0 ? [name, local.names[position - 1]] : [name]
    } },
    { for job in keys(local.approvals) : job => { deploys = null, looks = [] } },
  )
  descriptions = merge(
    {
      plan  = "Jobs of pull and merge requests of ${var.project}: they look, and change nothing."
      drift = "Jobs of ${var.branch} of ${var.project} that look at every environment, and record what they find."
    },
    { for job, name in local.approvals : job => "Jobs of ${var.branch} of ${var.project} that record what people decide about ${name}, and deploy nothing." },
  )
}

resource "aws_iam_role" "job" {
  for_each = local.jobs

  name                 = "${var.job_role_prefix}-${each.key}"
  description          = lookup(local.descriptions, each.key, "Jobs of ${var.branch} of ${var.project} that deploy to ${each.key}, and to no other environment.")
  assume_role_policy   = jsonencode(jsondecode(data.aws_iam_policy_document.trust[each.key].json))
  max_session_duration = var.job_session_seconds

  lifecycle {
    precondition {
      condition     = var.github_repository != null || var.gitlab_project != null
      error_message = "No job could take these roles: set github_repository or gitlab_project."
    }

    precondition {
      condition     = !contains(var.gitlab_subject_claims, "deployment_tier") || alltrue([for each in var.environments : each.deployment_tier != null])
      error_message = "With deployment_tier in gitlab_subject_claims each environment needs its deployment_tier."
    }
  }
}
