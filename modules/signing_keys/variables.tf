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
  description = "The environments of the pipeline: their keys as envctl.toml names them, each the ARN of a key or of an alias, and the roles of this account that sign with them. `deployer_roles` sign with deployment_key (signing_key), `look_roles` with look_key (look_signing_key), `people_roles` with approval_key (approval_signing_key): names, without their paths."
  type = list(object({
    name           = string
    deployment_key = optional(string)
    look_key       = optional(string)
    approval_key   = optional(string)
    deployer_roles = optional(list(string), [])
    look_roles     = optional(list(string), [])
    people_roles   = optional(list(string), [])
  }))
  nullable = false

  validation {
    condition     = length(var.environments) > 0 && alltrue([for each in var.environments : can(regex("^[a-z][a-z0-9-]{0,19}$", each.name))]) && length(distinct(var.environments[*].name)) == length(var.environments)
    error_message = "environments must name at least one, each once, with 1 to 20 lower-case letters, digits or hyphens, starting with a letter."
  }

  validation {
    condition = alltrue([for arn in compact(flatten([for each in var.environments : [each.deployment_key, each.look_key, each.approval_key]])) :
      can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:(key/[a-zA-Z0-9-]+|alias/[a-zA-Z0-9/_-]+)$", arn))
    ])
    error_message = "The keys of environments must be ARNs of keys or aliases, such as arn:aws:kms:ap-northeast-1:333333333333:alias/envctl-prod."
  }

  validation {
    condition = length(distinct(compact(flatten([for each in var.environments : [each.deployment_key, each.look_key, each.approval_key]])))) == (
      length(compact(flatten([for each in var.environments : [each.deployment_key, each.look_key, each.approval_key]])))
    )
    error_message = "Each key of environments signs one kind of entries of one environment: name no key twice."
  }

  validation {
    condition = length(setintersection(flatten(var.environments[*].deployer_roles), flatten(var.environments[*].people_roles))) == 0 && (
      length(setintersection(flatten(var.environments[*].look_roles), concat(flatten(var.environments[*].deployer_roles), flatten(var.environments[*].people_roles)))) == 0
    )
    error_message = "No role may sign with keys of two kinds: name each role of environments as a deployer, as one that looks, or as one of people."
  }
}

variable "aliases" {
  description = "Aliases to make in this account and region for keys that were made by hand, by name: the id of the key. envctl ledger keys --create makes a key with its alias."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.aliases) : can(regex("^alias/[a-zA-Z0-9/_-]{1,240}$", name)) && !startswith(name, "alias/aws/")])
    error_message = "The names of aliases must be such as alias/envctl-prod."
  }
}

variable "other_aliases" {
  description = "Aliases of more keys that no deployer may change, such as that of the audit logs. A star stands for any characters."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.other_aliases : can(regex("^alias/[a-zA-Z0-9/_*-]{1,240}$", name))])
    error_message = "other_aliases must be such as alias/shop-audit-logs."
  }
}
