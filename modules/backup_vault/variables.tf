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

variable "vault_name" {
  description = "Last part of the name of the vault. The default is for copies from elsewhere; module backup has its own."
  type        = string
  default     = "copies"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,9}$", var.vault_name))
    error_message = "vault_name must be 1 to 10 lower-case letters, digits or hyphens, and start with a letter."
  }
}

variable "vault_lock" {
  description = "Whether the vault is locked: then no backup can be deleted early or kept for less than vault_lock_days."
  type        = bool
  default     = false
  nullable    = false
}

variable "vault_lock_days" {
  description = "Minimum days that a locked vault keeps every backup."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.vault_lock_days >= 1 && var.vault_lock_days <= 36500 && floor(var.vault_lock_days) == var.vault_lock_days
    error_message = "vault_lock_days must be a whole number from 1 to 36500."
  }
}

variable "vault_lock_final_after_days" {
  description = "Days after which no one can ever remove the lock, not even AWS. Null keeps the lock removable."
  type        = number
  default     = null

  validation {
    condition     = var.vault_lock_final_after_days == null || try(var.vault_lock_final_after_days >= 3 && floor(var.vault_lock_final_after_days) == var.vault_lock_final_after_days, false)
    error_message = "vault_lock_final_after_days must be a whole number of 3 or more: AWS gives at least three days to think again."
  }
}
