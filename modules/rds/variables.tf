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

variable "vpc_id" {
  description = "Id of the VPC of the database."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Ids of the data subnets, in at least two zones."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must hold at least two subnets, in different zones."
  }
}

variable "database_instance_class" {
  description = "Class of the database, such as db.t4g.medium."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9]+$", var.database_instance_class))
    error_message = "database_instance_class must look like db.t4g.medium."
  }
}

variable "database_engine_version" {
  description = "Major version of PostgreSQL. An increase upgrades the database, which is not available meanwhile."
  type        = string
  default     = "17"
  nullable    = false

  validation {
    condition     = can(regex("^(1[4-9]|[2-9][0-9])$", var.database_engine_version))
    error_message = "database_engine_version must be a major version of PostgreSQL from 14 on, such as 17: AWS chooses the minor one."
  }
}

variable "database_storage_gb" {
  description = "First storage in GiB. It grows automatically and never shrinks."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.database_storage_gb >= 20 && floor(var.database_storage_gb) == var.database_storage_gb
    error_message = "database_storage_gb must be a whole number of at least 20."
  }
}

variable "database_max_storage_gb" {
  description = "Maximum storage in GiB for automatic growth."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.database_max_storage_gb >= 1.1 * var.database_storage_gb && var.database_max_storage_gb <= 65536
    error_message = "database_max_storage_gb must be at least a tenth above database_storage_gb, and at most 65536."
  }
}

variable "multi_az" {
  description = "Whether there is a standby in another zone, for a failure of the database or its zone."
  type        = bool
  default     = false
  nullable    = false
}

variable "database_backup_days" {
  description = "Days that automatic backups are kept, with a restore to any second."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = contains(range(1, 36), var.database_backup_days)
    error_message = "database_backup_days must be a whole number from 1 to 35."
  }
}

variable "database_backup_window" {
  description = "When backups are made, in UTC. The default is night in Tokyo."
  type        = string
  default     = "17:00-18:00"
  nullable    = false

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", var.database_backup_window))
    error_message = "database_backup_window must look like 17:00-18:00."
  }
}

variable "database_maintenance_window" {
  description = "When AWS may patch the database, in UTC, apart from the backup window. The default is Sunday before dawn in Tokyo."
  type        = string
  default     = "sat:18:30-sat:19:30"
  nullable    = false

  validation {
    condition     = can(regex("^(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]$", var.database_maintenance_window))
    error_message = "database_maintenance_window must look like sat:18:30-sat:19:30."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the database."
  type        = bool
  default     = true
  nullable    = false
}

variable "database_final_snapshot" {
  description = "Whether a deletion makes a final snapshot. Switch it off for short-lived environments."
  type        = bool
  default     = true
  nullable    = false
}

variable "database_password_version" {
  description = "Increase it to give the database a new password."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.database_password_version >= 1 && floor(var.database_password_version) == var.database_password_version
    error_message = "database_password_version must be a whole number of at least 1."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept; one of the values that CloudWatch Logs offers."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a retention that CloudWatch Logs offers: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827 or 3653."
  }
}
