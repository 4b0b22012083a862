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

variable "deploys_environment" {
  description = "The environment of the pipeline in this account, such as dev. The deployer may change its states and the resources with its name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.deploys_environment))
    error_message = "deploys_environment must be the name of an environment: 1 to 20 lower-case letters, digits or hyphens, and start with a letter."
  }
}

variable "management_account_id" {
  description = "Account whose users take the roles of people, with their second factor."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.management_account_id))
    error_message = "management_account_id must have 12 digits."
  }
}

variable "people_roles" {
  description = "Which roles for people the account has: developer (DeveloperRole), qa (QARole), operator (OperatorRole), data_admin (see data_admin_role)."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.people_roles, ["developer", "qa", "operator", "data_admin"])) == 0 && length(distinct(var.people_roles)) == length(var.people_roles)
    error_message = "people_roles may name developer, qa, operator and data_admin, each once."
  }
}

variable "data_admin_role" {
  description = "Name of the one role that may delete databases and buckets in accounts of ProdOU."
  type        = string
  default     = "DataAdminRole"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.data_admin_role))
    error_message = "data_admin_role must be the name of a role, without its path: 1 to 64 letters, digits or +=,.@_-."
  }
}

variable "deployer_role_name" {
  description = "Name of the role that Terraform uses in the accounts of the environments."
  type        = string
  default     = "envctl-deployer"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,40}$", var.deployer_role_name))
    error_message = "deployer_role_name must be the name of a role, without its path: 1 to 40 letters, digits or +=,.@_-."
  }
}

variable "deployer_trusted_arns" {
  description = "ARNs of roles in other accounts that may take the deployer role, such as that of the CI job."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.deployer_trusted_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "deployer_trusted_arns must be ARNs of roles, such as arn:aws:iam::444444444444:role/envctl-ci: no users, no whole accounts, no patterns."
  }
}

variable "github_repository" {
  description = "GitHub repository, as owner/name. Its jobs in the GitHub environment with the name of deploys_environment may take the deployer role. Null allows no job."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository must look like acme/shop."
  }
}

variable "state_bucket" {
  description = "Bucket of Terraform's states in this account. Null means <project>-tfstate-<account>."
  type        = string
  default     = null

  validation {
    condition     = var.state_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket must be the name of a bucket."
  }
}
