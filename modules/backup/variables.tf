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

variable "backup_hour_utc" {
  description = "Hour of the day, in UTC, at which backups start. The resources must run at that time: see sleep."
  type        = number
  default     = 18
  nullable    = false

  validation {
    condition     = var.backup_hour_utc >= 0 && var.backup_hour_utc <= 23 && floor(var.backup_hour_utc) == var.backup_hour_utc
    error_message = "backup_hour_utc must be a whole number from 0 to 23."
  }
}

variable "backup_keep_days" {
  description = "Days that a daily backup is kept."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.backup_keep_days >= 1 && floor(var.backup_keep_days) == var.backup_keep_days
    error_message = "backup_keep_days must be a whole number of at least 1."
  }
}

variable "backup_monthly_keep_days" {
  description = "Days that a backup of the first of a month is kept, and its copy. Null makes no monthly backups."
  type        = number
  default     = null

  validation {
    condition     = var.backup_monthly_keep_days == null || try(var.backup_monthly_keep_days >= 31 && floor(var.backup_monthly_keep_days) == var.backup_monthly_keep_days, false)
    error_message = "backup_monthly_keep_days must be a whole number of at least 31, the next one is due then."
  }
}

variable "copy_to_vault_arn" {
  description = "ARN of a vault in another region that gets a copy of every backup. Null makes no copies."
  type        = string
  default     = null

  validation {
    condition     = var.copy_to_vault_arn == null || can(regex("^arn:aws[a-z-]*:backup:[a-z0-9-]+:[0-9]{12}:backup-vault:", var.copy_to_vault_arn))
    error_message = "copy_to_vault_arn must be the ARN of a backup vault."
  }
}

variable "copy_keep_days" {
  description = "Days that the copy of a daily backup is kept."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.copy_keep_days >= 1 && floor(var.copy_keep_days) == var.copy_keep_days
    error_message = "copy_keep_days must be a whole number of at least 1."
  }
}

variable "topic_arn" {
  description = "ARN of the topic for failed backups, copies and restores. Null sends no messages."
  type        = string
  default     = null
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
