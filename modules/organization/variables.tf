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

variable "organization_accounts" {
  description = "Member accounts by name: a mail address that no other AWS account has, and the unit that they belong to, DevOU or ProdOU."
  type        = map(object({ email = string, unit = string }))
  nullable    = false

  validation {
    condition     = alltrue([for account in values(var.organization_accounts) : contains(["DevOU", "ProdOU"], account.unit)])
    error_message = "The unit of each of organization_accounts must be DevOU or ProdOU."
  }

  validation {
    condition = alltrue([for account in values(var.organization_accounts) : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", account.email))]) && (
      length(distinct([for account in values(var.organization_accounts) : lower(account.email)])) == length(var.organization_accounts)
    )
    error_message = "Each of organization_accounts needs a mail address of its own, such as aws-dev@example.com."
  }

  validation {
    condition     = alltrue([for name in keys(var.organization_accounts) : can(regex("^[^\\s].{0,48}[^\\s]$", name))])
    error_message = "The names of organization_accounts must have 2 to 50 characters, and no space at either end."
  }
}

variable "allowed_regions" {
  description = "Regions in which accounts of DevOU may have resources; names or patterns with * at the end."
  type        = list(string)
  default     = ["ap-*"]
  nullable    = false

  validation {
    condition     = length(var.allowed_regions) > 0 && alltrue([for region in var.allowed_regions : can(regex("^[a-z]{2}-([a-z]+(-[a-z]+)?-[0-9]|[a-z-]*\\*)$", region))])
    error_message = "allowed_regions must name at least one region, such as ap-northeast-1 or ap-*."
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
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.deployer_role_name))
    error_message = "deployer_role_name must be the name of a role, without its path: 1 to 64 letters, digits or +=,.@_-."
  }
}

variable "look_role_name" {
  description = "Name of the role that only looks, in the accounts of the environments."
  type        = string
  default     = "envctl-look"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.look_role_name))
    error_message = "look_role_name must be the name of a role, without its path: 1 to 64 letters, digits or +=,.@_-."
  }
}

variable "job_role_prefix" {
  description = "First part of the names of the roles that CI jobs take, in the account of the store."
  type        = string
  default     = "envctl-ci"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,40}$", var.job_role_prefix))
    error_message = "job_role_prefix must be 1 to 40 letters, digits or +=,.@_-."
  }
}
