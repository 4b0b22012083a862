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

variable "audit_log_retention_days" {
  description = "Days that the logs of CloudTrail are kept."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.audit_log_retention_days >= 90 && floor(var.audit_log_retention_days) == var.audit_log_retention_days
    error_message = "audit_log_retention_days must be a whole number of at least 90: CloudTrail itself shows the last 90 days."
  }
}
