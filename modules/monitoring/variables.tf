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

variable "cluster_name" {
  description = "ECS cluster of the service to watch; goes with service_name. Null watches none."
  type        = string
  default     = null
}

variable "service_name" {
  description = "ECS service to watch. Null watches none."
  type        = string
  default     = null

  validation {
    condition     = var.service_name == null || var.cluster_name != null
    error_message = "service_name needs cluster_name: the metrics of a service carry both."
  }
}

variable "alb_arn_suffix" {
  description = "Load balancer to watch, as its arn_suffix: app/name/id. Null watches none."
  type        = string
  default     = null

  validation {
    condition     = var.alb_arn_suffix == null || can(regex("^app/[^/]+/[^/]+$", var.alb_arn_suffix))
    error_message = "alb_arn_suffix must look like app/name/0123456789abcdef."
  }
}

variable "target_group_arn_suffix" {
  description = "Target group to watch, as its arn_suffix: targetgroup/name/id; goes with alb_arn_suffix. Null watches none."
  type        = string
  default     = null

  validation {
    condition     = var.target_group_arn_suffix == null || can(regex("^targetgroup/[^/]+/[^/]+$", var.target_group_arn_suffix))
    error_message = "target_group_arn_suffix must look like targetgroup/name/0123456789abcdef."
  }

  validation {
    condition     = var.target_group_arn_suffix == null || var.alb_arn_suffix != null
    error_message = "target_group_arn_suffix needs alb_arn_suffix: the metrics of a target group carry both."
  }
}

variable "target_group_arn_suffixes" {
  description = "Target groups of one service by colour, as their arn_suffix, such as those of ecs_service: each is watched, in a rollout too. In place of target_group_arn_suffix; goes with alb_arn_suffix."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for suffix in var.target_group_arn_suffixes : can(regex("^targetgroup/[^/]+/[^/]+$", suffix))])
    error_message = "target_group_arn_suffixes must look like { blue = \"targetgroup/name/0123456789abcdef\" }."
  }

  validation {
    condition     = alltrue([for color in keys(var.target_group_arn_suffixes) : can(regex("^[a-z][a-z0-9]*$", color))])
    error_message = "The colours of target_group_arn_suffixes must be lower-case letters and digits, and start with a letter."
  }

  validation {
    condition     = length(var.target_group_arn_suffixes) == 0 || var.alb_arn_suffix != null
    error_message = "target_group_arn_suffixes needs alb_arn_suffix: the metrics of a target group carry both."
  }

  validation {
    condition     = length(var.target_group_arn_suffixes) == 0 || var.target_group_arn_suffix == null
    error_message = "Give target_group_arn_suffix or target_group_arn_suffixes: the second one names all target groups."
  }
}

variable "autoscaling_group_name" {
  description = "Auto scaling group whose instances to watch. Null watches none."
  type        = string
  default     = null
}

variable "database_identifier" {
  description = "RDS instance to watch. Null watches none."
  type        = string
  default     = null
}

variable "service_log_group_name" {
  description = "Log group in which errors are counted. Null counts none."
  type        = string
  default     = null
}

variable "alarm_emails" {
  description = "Addresses that get every alarm, once they have confirmed the mail that AWS sends them."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", address))])
    error_message = "alarm_emails must hold addresses such as ops@example.com."
  }
}

variable "alarm_log_pattern" {
  description = "What counts as an error in the log, as a filter pattern of CloudWatch Logs."
  type        = string
  default     = "{ $.level = \"error\" || $.level = \"ERROR\" || $.level = \"fatal\" || $.level = \"FATAL\" }"
  nullable    = false
}

variable "alarm_log_errors" {
  description = "Number of errors in the log within 5 minutes that raises an alarm."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.alarm_log_errors >= 1
    error_message = "alarm_log_errors must be at least 1."
  }
}

variable "alarm_http_errors" {
  description = "Number of 5xx answers within 5 minutes that raises an alarm."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.alarm_http_errors >= 1
    error_message = "alarm_http_errors must be at least 1."
  }
}

variable "alarm_latency_seconds" {
  description = "Latency in seconds that raises an alarm if one request in twenty is slower."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.alarm_latency_seconds > 0
    error_message = "alarm_latency_seconds must be more than 0."
  }
}

variable "alarm_cpu_percent" {
  description = "CPU use in percent, over 15 minutes, above which service, instances and database raise an alarm."
  type        = number
  default     = 80
  nullable    = false

  validation {
    condition     = var.alarm_cpu_percent > 0 && var.alarm_cpu_percent < 100
    error_message = "alarm_cpu_percent must lie between 0 and 100."
  }
}

variable "alarm_memory_percent" {
  description = "Memory use of a task in percent, over 15 minutes, above which the service raises an alarm."
  type        = number
  default     = 85
  nullable    = false

  validation {
    condition     = var.alarm_memory_percent > 0 && var.alarm_memory_percent < 100
    error_message = "alarm_memory_percent must lie between 0 and 100."
  }
}

variable "alarm_database_connections" {
  description = "Number of connections to the database above which it raises an alarm; about 80 % of what its class allows."
  type        = number
  default     = 80
  nullable    = false

  validation {
    condition     = var.alarm_database_connections >= 1
    error_message = "alarm_database_connections must be at least 1."
  }
}

variable "alarm_database_free_storage_gb" {
  description = "Free storage of the database in GiB below which it raises an alarm."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.alarm_database_free_storage_gb > 0
    error_message = "alarm_database_free_storage_gb must be more than 0."
  }
}

variable "sleep" {
  description = "When the environment stops and starts, as AWS cron fields in UTC; null never. With sleep, missing data is no alarm."
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

variable "extra_log_groups" {
  description = "Names of log groups that other services write to, such as /aws/lambda/shop-dev-worker: created here with a retention."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.extra_log_groups : can(regex("^[A-Za-z0-9_/.#-]{1,512}$", name))])
    error_message = "extra_log_groups must hold names of log groups: letters, digits and _ / . # -"
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
