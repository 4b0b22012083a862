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

variable "monthly_budget_usd" {
  description = "Monthly budget of the environment in US dollars."
  type        = number
  nullable    = false

  validation {
    condition     = var.monthly_budget_usd > 0
    error_message = "monthly_budget_usd must be more than 0."
  }
}

variable "alarm_emails" {
  description = "Mail addresses that get the messages of the budget: at most 10."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", address))])
    error_message = "alarm_emails must hold addresses such as ops@example.com."
  }
}

variable "topic_arn" {
  description = "ARN of a topic that gets the messages too, such as that of the alarms. Null sends none."
  type        = string
  default     = null
}

variable "sleep" {
  description = "When the environment stops and starts, as AWS cron fields in UTC; null never. Use it for dev to save cost."
  type = object({
    down = string
    up   = string
  })
  default = null

  validation {
    condition = var.sleep == null || alltrue([for when in [try(var.sleep.down, ""), try(var.sleep.up, "")] :
      can(regex("^[0-5]?[0-9] ([01]?[0-9]|2[0-3]) [?] [*] [A-Z,-]+ [*]$", when))
    ])
    error_message = "sleep needs six fields in down and up, such as \"0 11 ? * MON-FRI *\"."
  }
}

variable "autoscaling_group_name" {
  description = "Auto scaling group that sleeps, or null. Services on ECS have their own sleep."
  type        = string
  default     = null
}

variable "min_size" {
  description = "Minimum number of instances of the group: 0 if they sleep."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.min_size >= 0
    error_message = "min_size must not be negative."
  }
}

variable "desired_size" {
  description = "Number of instances to run by day."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.desired_size >= 0
    error_message = "desired_size must not be negative."
  }
}

variable "database_identifier" {
  description = "RDS instance that sleeps, or null."
  type        = string
  default     = null

  validation {
    condition     = var.database_identifier == null || can(regex("^[a-z][a-z0-9-]{0,62}$", var.database_identifier))
    error_message = "database_identifier must be the identifier of an RDS instance: up to 63 lower-case letters, digits or hyphens."
  }
}
