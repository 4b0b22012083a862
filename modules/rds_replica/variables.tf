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

variable "replicate" {
  description = "Whether there is a replica. If not, the module makes nothing."
  type        = bool
  default     = false
  nullable    = false
}

variable "replica_of" {
  description = "ARN of the database to follow, in another region; needed when replicate is on."
  type        = string
  default     = null

  validation {
    condition     = var.replica_of == null ? !var.replicate : can(regex("^arn:[a-z-]+:rds:[a-z0-9-]+:[0-9]{12}:db:.+$", var.replica_of))
    error_message = "replica_of must be the ARN of a database, such as arn:aws:rds:ap-northeast-1:111111111111:db:shop-prod-database."
  }
}

variable "replica_promoted" {
  description = "Whether the replica is promoted to an independent database. It can't be undone."
  type        = bool
  default     = false
  nullable    = false
}

variable "replica_vpc_cidr" {
  description = "IPv4 range of the replica's own VPC, /16 to /24. Give each environment its own, to allow peering later."
  type        = string
  default     = "10.255.0.0/24"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9.]+/(1[6-9]|2[0-4])$", var.replica_vpc_cidr)) && try(cidrsubnet(var.replica_vpc_cidr, 0, 0) == var.replica_vpc_cidr, false)
    error_message = "replica_vpc_cidr must be an IPv4 range from /16 to /24 that starts at its network address, such as 10.255.0.0/24."
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
  description = "Major version of PostgreSQL, that of the database to follow."
  type        = string
  default     = "17"
  nullable    = false

  validation {
    condition     = can(regex("^(1[4-9]|[2-9][0-9])$", var.database_engine_version))
    error_message = "database_engine_version must be a major version of PostgreSQL from 14 on, such as 17: AWS chooses the minor one."
  }
}

variable "database_max_storage_gb" {
  description = "Maximum storage in GiB for automatic growth."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.database_max_storage_gb >= 22 && var.database_max_storage_gb <= 65536
    error_message = "database_max_storage_gb must lie between 22 and 65536."
  }
}

variable "multi_az" {
  description = "Whether the promoted replica has a standby in another zone, for a failure of the database or its zone."
  type        = bool
  default     = false
  nullable    = false
}

variable "database_backup_days" {
  description = "Days that automatic backups of the promoted replica are kept, with a restore to any second."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = contains(range(1, 36), var.database_backup_days)
    error_message = "database_backup_days must be a whole number from 1 to 35."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the replica."
  type        = bool
  default     = true
  nullable    = false
}

variable "database_final_snapshot" {
  description = "Whether a deletion of the promoted replica makes a final snapshot. Switch it off for short-lived environments."
  type        = bool
  default     = true
  nullable    = false
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
