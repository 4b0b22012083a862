variable "project" {
  description = "Name of the project; the first part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.project))
    error_message = "project must be 1 to 20 lower-case letters, digits or hyphens, and start with a letter."
  }
}

variable "environment" {
  description = "Name of the environment; the second part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.environment))
    error_message = "environment must be 1 to 20 lower-case letters, digits or hyphens, and start with a letter."
  }
}

variable "environments" {
  description = "The environments in the order of promotion, with the roles that envctl.toml names: deployer_role_arn is assume_role, look_role_arn is look_role. `job_environment` is the environment of GitHub, if it has another name. `gitlab_project` is the project of GitLab that deploys to it, if that is another one; `deployment_tier` its tier there. `approval_key_arn` is approval_signing_key, the ARN of the key or of its alias, with which the job that records what people decide signs; `approval_job_environment` is the environment of GitHub of that job, if it is not called like that of ENV with -approval."
  type = list(object({
    name              = string
    deployer_role_arn = string
    look_role_arn     = optional(string)
    job_environment   = optional(string)
    gitlab_project    = optional(string)
    deployment_tier   = optional(string)

    approval_key_arn         = optional(string)
    approval_job_environment = optional(string)
  }))
  nullable = false

  validation {
    condition     = length(var.environments) > 0 && alltrue([for each in var.environments : can(regex("^[a-z][a-z0-9-]{0,19}$", each.name))])
    error_message = "environments must name at least one, each with 1 to 20 lower-case letters, digits or hyphens, starting with a letter."
  }

  validation {
    condition     = length(distinct(var.environments[*].name)) == length(var.environments)
    error_message = "environments must name each environment once."
  }

  validation {
    condition     = length(setintersection(var.environments[*].name, ["drift", "plan"])) == 0
    error_message = "environments can't have the names plan and drift: the roles of those jobs are called so."
  }

  validation {
    condition = alltrue([for arn in flatten([for each in var.environments : compact([each.deployer_role_arn, each.look_role_arn])]) :
      can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn))
    ])
    error_message = "environments needs the ARN of a role in each deployer_role_arn and look_role_arn, without a star."
  }

  validation {
    condition = length(distinct(flatten([for each in var.environments : compact([each.deployer_role_arn, each.look_role_arn])]))) == length(
      flatten([for each in var.environments : compact([each.deployer_role_arn, each.look_role_arn])])
    )
    error_message = "environments must name each role once: a role that looks is never one that deploys, and no environment shares a role with another."
  }

  validation {
    condition = alltrue([for arn in flatten([for each in var.environments : compact([each.deployer_role_arn, each.look_role_arn])]) :
      !startswith(reverse(split("/", arn))[0], "${var.job_role_prefix}-")
    ])
    error_message = "environments names a role of a job (it begins with job_role_prefix): the role of a job is never the role that it takes, because AWS lets no role take itself."
  }

  validation {
    condition     = alltrue([for each in var.environments : each.job_environment == null || can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$", coalesce(each.job_environment, "none")))])
    error_message = "environments needs a name of letters, digits and ._- in each job_environment."
  }

  validation {
    condition = alltrue([for each in var.environments : each.gitlab_project == null || can(
      regex("^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$", coalesce(each.gitlab_project, "none"))
    )])
    error_message = "environments needs the path of a project in each gitlab_project, such as acme/shop-deployments."
  }

  validation {
    condition     = alltrue([for each in var.environments : contains(["production", "staging", "testing", "development", "other"], coalesce(each.deployment_tier, "other"))])
    error_message = "environments needs one of GitLab's tiers in each deployment_tier: production, staging, testing, development or other."
  }

  validation {
    condition     = length(distinct([for each in var.environments : lower(coalesce(each.job_environment, each.name))])) == length(var.environments)
    error_message = "environments must have a job_environment of their own: jobs of one GitHub environment would get the role of another."
  }

  validation {
    condition = length(setintersection(
      flatten([for each in var.environments : [lower(each.name), lower(coalesce(each.job_environment, each.name))]]),
      flatten([for each in var.environments : [
        lower("${each.name}-approval"), lower(coalesce(each.approval_job_environment, "${coalesce(each.job_environment, each.name)}-approval")),
      ] if each.approval_key_arn != null]),
    )) == 0
    error_message = "environments has one with the name of the job that records what people decide about another, such as prod-approval: who deploys there could approve."
  }

  validation {
    condition     = alltrue([for each in var.environments : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key/[A-Za-z0-9-]+|alias/[A-Za-z0-9/_-]+)$", coalesce(each.approval_key_arn, "arn:aws:kms:x:000000000000:key/x")))])
    error_message = "environments needs the ARN of a key or of its alias in each approval_key_arn, without a star."
  }

  validation {
    condition = alltrue([for each in var.environments : each.approval_key_arn == null || !contains(
      [for other in var.environments : split(":", other.deployer_role_arn)[4]], try(split(":", coalesce(each.approval_key_arn, "none"))[4], "")
    )]) || length(distinct([for each in var.environments : split(":", each.deployer_role_arn)[4]])) == 1
    error_message = "environments has an approval_key_arn in the account of an environment: who deploys there could approve."
  }

  validation {
    condition     = alltrue([for each in var.environments : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$", coalesce(each.approval_job_environment, "none")))])
    error_message = "environments needs a name of letters, digits and ._- in each approval_job_environment."
  }
}

variable "github_workflows" {
  description = "Files in .github/workflows whose jobs may take the roles: those that `envctl ci github` writes, or your own. With another prefix in [ci.github] name its files."
  type = object({
    plan   = optional(list(string), ["envctl-plan.yml"])
    drift  = optional(list(string), ["envctl-drift.yml"])
    deploy = optional(list(string), ["envctl-deploy.yml", "envctl-operate.yml"])
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for files in values(var.github_workflows) : length(files) > 0 && alltrue([
      for file in files : can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]*\\.ya?ml$", file))
    ])])
    error_message = "github_workflows needs at least one name of a file for each of plan, drift and deploy, such as envctl-plan.yml, without a folder and without a star."
  }
}

variable "github_workflow_repository" {
  description = "Repository whose workflows the jobs call (`uses: acme/platform/.github/workflows/…`), as owner/name. Null: the files are in github_repository."
  type        = string
  default     = null

  validation {
    condition     = var.github_workflow_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_workflow_repository))
    error_message = "github_workflow_repository must look like acme/platform."
  }
}

variable "github_workflow_ref" {
  description = "What follows the @ where jobs call a workflow of github_workflow_repository, as GitHub's token names it: refs/heads/BRANCH, refs/tags/TAG, or a commit."
  type        = string
  default     = null

  validation {
    condition = (var.github_workflow_ref == null) == (var.github_workflow_repository == null) && can(
      regex("^(refs/(heads|tags)/[A-Za-z0-9][A-Za-z0-9_./-]*|[0-9a-f]{40})$", coalesce(var.github_workflow_ref, "refs/heads/main"))
    )
    error_message = "github_workflow_ref must be refs/heads/BRANCH, refs/tags/TAG or a commit of 40 digits, and is needed with github_workflow_repository."
  }
}

variable "pull_request_environments" {
  description = "Environments besides the first one whose state a job of a pull or merge request may read: pull_request_environments of [ci] in envctl.toml."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.pull_request_environments, var.environments[*].name)) == 0
    error_message = "pull_request_environments must name environments that are in environments."
  }
}

variable "copies_images" {
  description = "Whether promotions copy images (copy = true in envctl.toml). Then the job of an environment may also take the role that looks into the environment before it, to pull the image."
  type        = bool
  default     = false
  nullable    = false
}

variable "store_url" {
  description = "Store of releases and ledger, as in envctl.toml: s3://BUCKET/PREFIX."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_./-]*)?$", var.store_url))
    error_message = "store_url must be of the form s3://BUCKET/PREFIX."
  }
}

variable "job_role_prefix" {
  description = "First part of the names of the roles. Another project with jobs in the same account needs another one."
  type        = string
  default     = "envctl-ci"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,40}$", var.job_role_prefix))
    error_message = "job_role_prefix must be 1 to 40 letters, digits or +=,.@_-."
  }
}

variable "job_session_seconds" {
  description = "How long the credentials of a job last. envctl takes new ones before they end."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.job_session_seconds >= 3600 && var.job_session_seconds <= 43200
    error_message = "job_session_seconds must be between 3600 (an hour) and 43200 (twelve hours)."
  }
}

variable "branch" {
  description = "The protected branch that is deployed, and whose schedule checks for drift."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_./-]*$", var.branch))
    error_message = "branch must be the name of a branch."
  }
}

variable "github_repository" {
  description = "GitHub repository, as owner/name. Null gives its jobs nothing."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository must look like acme/shop, without ids: they have variables of their own."
  }
}

variable "github_owner_id" {
  description = "Number of the owner: gh api repos/OWNER/NAME --jq .owner.id"
  type        = string
  default     = null

  validation {
    condition     = (var.github_owner_id == null) == (var.github_repository == null) && can(regex("^[0-9]+$", coalesce(var.github_owner_id, "0")))
    error_message = "github_owner_id must be a number, and is needed with github_repository: gh api repos/OWNER/NAME --jq .owner.id"
  }
}

variable "github_repository_id" {
  description = "Number of the repository, which another repository of the same name does not have: gh api repos/OWNER/NAME --jq .id"
  type        = string
  default     = null

  validation {
    condition     = (var.github_repository_id == null) == (var.github_repository == null) && can(regex("^[0-9]+$", coalesce(var.github_repository_id, "0")))
    error_message = "github_repository_id must be a number, and is needed with github_repository: gh api repos/OWNER/NAME --jq .id"
  }
}

variable "github_provider_arn" {
  description = "ARN of the identity provider for GitHub, if the account has it already. Null makes one."
  type        = string
  default     = null

  validation {
    condition     = var.github_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.github_provider_arn))
    error_message = "github_provider_arn must be the ARN of the provider token.actions.githubusercontent.com."
  }
}

variable "gitlab_project" {
  description = "Path of the GitLab project, such as acme/shop. Null gives its jobs nothing."
  type        = string
  default     = null

  validation {
    condition     = var.gitlab_project == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$", var.gitlab_project))
    error_message = "gitlab_project must be the path of a project, such as acme/shop."
  }
}

variable "gitlab_url" {
  description = "Address of GitLab, without a slash at the end."
  type        = string
  default     = "https://gitlab.com"
  nullable    = false

  validation {
    condition     = can(regex("^https://[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[A-Za-z0-9_.-]+)*$", var.gitlab_url))
    error_message = "gitlab_url must look like https://gitlab.example.com, without a slash at the end."
  }
}

variable "gitlab_provider_arn" {
  description = "ARN of the identity provider for GitLab, if the account has it already. Null makes one."
  type        = string
  default     = null

  validation {
    condition     = var.gitlab_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/${replace(trimprefix(var.gitlab_url, "https://"), ".", "\\.")}$", var.gitlab_provider_arn))
    error_message = "gitlab_provider_arn must be the ARN of the provider for gitlab_url."
  }
}

variable "gitlab_subject_claims" {
  description = "Claims in the subject of GitLab's tokens: ci_id_token_sub_claim_components of the project. With environment_protected and deployment_tier AWS can tell the job of prod from others of the branch."
  type        = list(string)
  default     = ["project_path", "ref_type", "ref"]
  nullable    = false

  validation {
    condition = contains(
      [
        "project_path,ref_type,ref",
        "project_path,ref_type,ref,environment_protected",
        "project_path,ref_type,ref,deployment_tier",
        "project_path,ref_type,ref,environment_protected,deployment_tier",
        "project_path,ref_type,ref,deployment_tier,environment_protected",
      ],
      join(",", var.gitlab_subject_claims),
    )
    error_message = "gitlab_subject_claims must be project_path, ref_type, ref, and after them environment_protected, deployment_tier or both."
  }
}
