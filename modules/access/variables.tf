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
  description = "ARNs of roles in other accounts that may take the deployer role: that of the CI jobs that deploy to this environment."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.deployer_trusted_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "deployer_trusted_arns must be ARNs of roles, such as arn:aws:iam::444444444444:role/envctl-ci-prod: no users, no whole accounts, no patterns."
  }

  validation {
    condition = length(setintersection([for arn in var.deployer_trusted_arns : reverse(split("/", arn))[0]], [
      var.deployer_role_name, var.look_role_name, "envctl-ci-plan", "envctl-ci-drift",
    ])) == 0
    error_message = "deployer_trusted_arns must not have a deployer, a role that looks, or the role of a job that looks: a role never takes itself, and no job that looks deploys."
  }
}

variable "deployer_session_seconds" {
  description = "Longest session of the deployer. AWS gives an hour at most to those who take it from another role, such as CI jobs."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.deployer_session_seconds >= 3600 && var.deployer_session_seconds <= 43200
    error_message = "deployer_session_seconds must be between 3600 (an hour) and 43200 (twelve hours)."
  }
}

variable "look_role_name" {
  description = "Name of the role that only looks."
  type        = string
  default     = "envctl-look"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,40}$", var.look_role_name)) && var.look_role_name != var.deployer_role_name
    error_message = "look_role_name must be the name of a role, without its path, and not that of the deployer: 1 to 40 letters, digits or +=,.@_-."
  }
}

variable "look_trusted_arns" {
  description = "ARNs of roles in other accounts that may take the role that looks, such as those of CI jobs. Empty makes no such role."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.look_trusted_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "look_trusted_arns must be ARNs of roles, such as arn:aws:iam::444444444444:role/envctl-ci-drift: no users, no whole accounts, no patterns."
  }

  validation {
    condition     = length(setintersection([for arn in var.look_trusted_arns : reverse(split("/", arn))[0]], [var.deployer_role_name, var.look_role_name])) == 0
    error_message = "look_trusted_arns must not have a deployer or a role that looks: a role never takes itself."
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

variable "secret_values" {
  description = "Names of the secrets whose values envctl reads for Terraform, as in [secrets.values] of envctl.toml: of Secrets Manager, and of parameters, which begin with a slash. The deployer and the role that looks may read these values."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.secret_values : can(regex("^/?[A-Za-z0-9_+=.@-]+(/[A-Za-z0-9_+=.@-]+)*$", name))])
    error_message = "secret_values must be names such as shop/prod/db, or /shop/prod/db for a parameter: no ARNs, no patterns."
  }
}

variable "approval_signing_key_arns" {
  description = "ARNs of the key that signs what people record, or of its alias: approval_signing_key of the environment in envctl.toml. QARole and OperatorRole sign with it alone. Empty: they sign with alias/envctl-<deploys_environment>."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.approval_signing_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:(key/[a-zA-Z0-9-]+|alias/[a-zA-Z0-9/_-]+)$", arn))])
    error_message = "approval_signing_key_arns must be ARNs of keys or aliases, such as arn:aws:kms:ap-northeast-1:444444444444:alias/envctl-approve-prod."
  }
}
