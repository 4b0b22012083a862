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

variable "name" {
  description = "Name of the service; the last part of every name."
  type        = string
  default     = "web"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.name))
    error_message = "name must be 1 to 20 lower-case letters, digits or hyphens, and start with a letter."
  }
}

variable "vpc_id" {
  description = "Id of the VPC that the service runs in."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Ids of the subnets to spread over: private ones, with a way out to fetch the image."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "subnet_ids must hold at least one subnet."
  }
}

variable "image" {
  description = "Container image of the service, pinned by digest: the tested image runs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.:/_-]*@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be pinned by digest: repository@sha256:<64 hexadecimal digits>. A tag can be moved, a digest can not."
  }

  validation {
    condition     = length(var.image) <= 250
    error_message = "image must not be longer than 250 characters, the room that a launch template has for it."
  }
}

variable "app_port" {
  description = "Port of the container, opened on the instance."
  type        = number
  default     = 8080
  nullable    = false

  validation {
    condition     = var.app_port >= 1 && var.app_port <= 65535 && floor(var.app_port) == var.app_port
    error_message = "app_port must be a whole number from 1 to 65535."
  }
}

variable "app_environment" {
  description = "Environment variables of the container. They are readable on the instance: write names of secrets here, never secrets."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.app_environment : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", key)) && !can(regex("[\r\n]", value))])
    error_message = "app_environment needs names of letters, digits and underscores, and values of one line."
  }
}

variable "ingress_cidrs" {
  description = "IPv4 ranges that may reach app_port; empty allows no one."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.ingress_cidrs : can(cidrnetmask(cidr))])
    error_message = "ingress_cidrs must hold IPv4 ranges such as 10.0.0.0/8."
  }
}

variable "egress" {
  description = "Targets that the service may connect to, besides HTTPS, such as its database."
  type = list(object({
    description = string
    port        = number
    cidrs       = list(string)
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue(flatten([for rule in var.egress : [for cidr in rule.cidrs : can(cidrnetmask(cidr))]]))
    error_message = "egress must hold IPv4 ranges such as 10.10.0.0/16 in cidrs."
  }
}

variable "database_security_group_id" {
  description = "Id of the security group whose members may connect to the database; the instances join it. Null without a database."
  type        = string
  default     = null

  validation {
    condition     = var.database_security_group_id == null || can(regex("^sg-[0-9a-f]{8,17}$", var.database_security_group_id))
    error_message = "database_security_group_id must look like sg-0123456789abcdef0."
  }
}

variable "instance_type" {
  description = "Type of the instances."
  type        = string
  nullable    = false
}

variable "other_instance_types" {
  description = "Types that may replace instance_type, with the same processor and about the same size. More types make spot safer."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(distinct(concat([var.instance_type], var.other_instance_types))) == 1 + length(var.other_instance_types)
    error_message = "other_instance_types must name each type once, and not instance_type itself."
  }

  validation {
    condition     = length(var.other_instance_types) <= 39
    error_message = "other_instance_types must not hold more than 39 types: a group takes 40 in all."
  }
}

variable "spot_percent" {
  description = "Share of the instances that run on spot capacity, in percent: cheap, but AWS takes them back with two minutes' notice."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.spot_percent >= 0 && var.spot_percent <= 100 && floor(var.spot_percent) == var.spot_percent
    error_message = "spot_percent must be a whole number from 0 to 100."
  }
}

variable "on_demand_base" {
  description = "Number of instances that run on demand before spot_percent counts: the minimum without spot capacity."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.on_demand_base >= 0 && floor(var.on_demand_base) == var.on_demand_base
    error_message = "on_demand_base must be a whole number, 0 or more."
  }
}

variable "architecture" {
  description = "Processor of instance_type and of the image: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "ami_id" {
  description = "Amazon Linux 2023 image of the instances. Null uses the newest one when the service is first created, and keeps it."
  type        = string
  default     = null

  validation {
    condition     = var.ami_id == null || can(regex("^ami-[0-9a-f]{8,17}$", var.ami_id))
    error_message = "ami_id must look like ami-0123456789abcdef0."
  }
}

variable "min_size" {
  description = "Minimum number of instances: 0 if they sleep at night."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.min_size >= 0
    error_message = "min_size must not be negative."
  }
}

variable "desired_size" {
  description = "First number of instances, and the number by day if they sleep at night. Otherwise load, schedules and people decide, between min_size and max_size."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.min_size <= var.desired_size && var.desired_size <= var.max_size
    error_message = "desired_size must lie between min_size and max_size."
  }
}

variable "max_size" {
  description = "Maximum number of instances. Above min_size the group scales by CPU load."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.max_size >= var.min_size
    error_message = "max_size must not be smaller than min_size."
  }
}

variable "target_cpu_percent" {
  description = "Target of scaling: average CPU load in percent."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.target_cpu_percent >= 10 && var.target_cpu_percent <= 90
    error_message = "target_cpu_percent must lie between 10 and 90."
  }
}

variable "root_volume_gb" {
  description = "Size of the encrypted root volume in GiB."
  type        = number
  default     = 16
  nullable    = false

  validation {
    condition     = var.root_volume_gb >= 8
    error_message = "root_volume_gb must be at least 8, the size of the Amazon Linux image."
  }
}

variable "detailed_monitoring" {
  description = "Whether metrics arrive every minute (charged) instead of every five."
  type        = bool
  default     = false
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
