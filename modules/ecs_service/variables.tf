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
  default     = "app"
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
}

variable "worker" {
  description = "Whether the service takes no requests, such as a queue worker: then it has no load balancer and no open port."
  type        = bool
  default     = false
  nullable    = false
}

variable "listener_arn" {
  description = "ARN of the listener of the load balancer that sends requests to the service. Null for a worker."
  type        = string
  default     = null

  validation {
    condition     = (var.listener_arn == null) == var.worker
    error_message = "A service needs listener_arn, and a worker has none."
  }
}

variable "alb_security_group_id" {
  description = "Id of the security group of the load balancer, the only one that reaches the service. Null for a worker."
  type        = string
  default     = null

  validation {
    condition     = (var.alb_security_group_id == null) == var.worker
    error_message = "A service needs alb_security_group_id, and a worker has none."
  }
}

variable "alb_arn_suffix" {
  description = "ARN suffix of the load balancer for auto scaling; needed with target_requests_per_minute."
  type        = string
  default     = null
}

variable "listener_priority" {
  description = "Place of the service among the rules of the listener, 1 to 20000; for a request the lowest matching number applies."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.listener_priority >= 1 && var.listener_priority <= 20000 && floor(var.listener_priority) == var.listener_priority
    error_message = "listener_priority must be a whole number from 1 to 20000."
  }
}

variable "path_patterns" {
  description = "Paths that the service answers, one to five; an asterisk matches any text."
  type        = list(string)
  default     = ["/*"]
  nullable    = false

  validation {
    condition     = length(var.path_patterns) >= 1 && length(var.path_patterns) <= 5 && alltrue([for path in var.path_patterns : startswith(path, "/")])
    error_message = "path_patterns must hold one to five paths that start with a slash."
  }
}

variable "health_check_path" {
  description = "Path of the health check: a healthy task answers with 200 to 299. It must need no login."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = startswith(var.health_check_path, "/")
    error_message = "health_check_path must start with a slash."
  }
}

variable "health_check_command" {
  description = "Command that ends with 0 while the container is healthy, such as [\"CMD\", \"/app/health\"]. Null means that only the load balancer checks it."
  type        = list(string)
  default     = null

  validation {
    condition     = var.health_check_command == null ? true : length(var.health_check_command) >= 2 && contains(["CMD", "CMD-SHELL"], var.health_check_command[0])
    error_message = "health_check_command must be a list that starts with CMD or CMD-SHELL."
  }
}

variable "health_check_grace_seconds" {
  description = "Seconds for the start of a task before health checks of the load balancer count."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.health_check_grace_seconds >= 0
    error_message = "health_check_grace_seconds must not be negative."
  }
}

variable "app_port" {
  description = "Port of the container, opened to the load balancer."
  type        = number
  default     = 8080
  nullable    = false

  validation {
    condition     = var.app_port >= 1 && var.app_port <= 65535 && floor(var.app_port) == var.app_port
    error_message = "app_port must be a whole number from 1 to 65535."
  }
}

variable "app_environment" {
  description = "Environment variables of the container, besides PROJECT, ENVIRONMENT and PORT. People who may read the task definition can read them: write names of secrets here, never secrets."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, value in var.app_environment : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", key)) && !can(regex("[\r\n]", value))])
    error_message = "app_environment needs names of letters, digits and underscores, and values of one line."
  }
}

variable "service_secrets" {
  description = "Secrets in the environment of the container: name of the variable = name or ARN of the secret in Secrets Manager."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key, secret in var.service_secrets : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", key)) && can(regex("^(arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)?[A-Za-z0-9/_+=.@-]+$", secret))])
    error_message = "service_secrets needs names of letters, digits and underscores, and the name or ARN of a secret for each."
  }

  validation {
    condition     = length(setintersection(keys(var.service_secrets), concat(keys(var.app_environment), ["DATABASE_SECRET", "ENVIRONMENT", "PORT", "PROJECT"]))) == 0
    error_message = "service_secrets must not name a variable that app_environment sets too, nor one that the module sets: DATABASE_SECRET, ENVIRONMENT, PORT, PROJECT."
  }
}

variable "database_secret_arn" {
  description = "ARN of the secret with the database login, which the container gets in DATABASE_SECRET. Null for a service without a database."
  type        = string
  default     = null
}

variable "database_security_group_id" {
  description = "Id of the security group whose members may reach the database; the tasks join it. Null for a service without a database."
  type        = string
  default     = null
}

variable "egress" {
  description = "Targets that the service may connect to, besides HTTPS and its database."
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

variable "task_cpu" {
  description = "Processor of a task, in parts of 1024: 256 is a quarter."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.task_cpu)
    error_message = "task_cpu must be 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
}

variable "task_memory" {
  description = "Memory of a task in MiB, in steps and bounds that AWS sets for each task_cpu."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition = (var.task_cpu == 256 && var.task_memory == 512) || (
      var.task_memory >= (var.task_cpu == 256 ? 1024 : 2 * var.task_cpu) &&
      var.task_memory <= (var.task_cpu <= 2048 ? 8 : 7.5) * var.task_cpu &&
      var.task_memory % (var.task_cpu <= 4096 ? 1024 : var.task_cpu / 2) == 0
    )
    error_message = "task_memory must be one that Fargate offers for task_cpu: mostly two to eight times as much, in whole GiB (256: 512, 1024 or 2048)."
  }
}

variable "task_min" {
  description = "Minimum number of tasks. Two or more survive the loss of a zone."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.task_min >= 1 && floor(var.task_min) == var.task_min
    error_message = "task_min must be a whole number of at least 1; sleep takes a service down to nothing."
  }
}

variable "task_max" {
  description = "Maximum number of tasks."
  type        = number
  default     = 4
  nullable    = false

  validation {
    condition     = var.task_max >= var.task_min && floor(var.task_max) == var.task_max
    error_message = "task_max must be a whole number, and not below task_min."
  }
}

variable "target_cpu_percent" {
  description = "Target of scaling: average CPU load of a task in percent."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.target_cpu_percent >= 10 && var.target_cpu_percent <= 90
    error_message = "target_cpu_percent must lie between 10 and 90."
  }
}

variable "target_requests_per_minute" {
  description = "Average requests for each task and minute; choose the number with a load test. Null scales by CPU only."
  type        = number
  default     = null

  validation {
    condition     = var.target_requests_per_minute == null ? true : var.target_requests_per_minute > 0 && !var.worker
    error_message = "target_requests_per_minute must be more than 0, and is nothing for a worker."
  }
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

variable "fargate_weight" {
  description = "Share of the tasks that run on Fargate, against fargate_spot_weight."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.fargate_weight >= 0 && var.fargate_weight + var.fargate_spot_weight > 0
    error_message = "fargate_weight must not be negative, and one of fargate_weight and fargate_spot_weight must be more than 0."
  }
}

variable "fargate_spot_weight" {
  description = "Share of the tasks that run on Fargate Spot: about 70 % cheaper, but AWS stops them with two minutes' notice."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.fargate_spot_weight >= 0
    error_message = "fargate_spot_weight must not be negative."
  }
}

variable "fargate_base" {
  description = "Number of tasks that run on Fargate in any case, before the weights count."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.fargate_base >= 0 && floor(var.fargate_base) == var.fargate_base
    error_message = "fargate_base must be a whole number that is not negative."
  }
}

variable "architecture" {
  description = "Processor of the tasks and of the image: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "color" {
  description = "Color that runs image: blue or green. The other one does not exist, or runs stable_image."
  type        = string
  default     = "blue"
  nullable    = false

  validation {
    condition     = contains(["blue", "green"], var.color)
    error_message = "color must be blue or green."
  }
}

variable "stable_image" {
  description = "Image of the other color, pinned by digest, while both get requests. Null means that the other color does not exist."
  type        = string
  default     = null

  validation {
    condition     = var.stable_image == null ? true : can(regex("^[a-z0-9][a-z0-9.:/_-]*@sha256:[0-9a-f]{64}$", var.stable_image))
    error_message = "stable_image must be pinned by digest: repository@sha256:<64 hexadecimal digits>."
  }
}

variable "traffic_percent" {
  description = "Share of the requests to color in percent; the rest goes to the other color."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.traffic_percent >= 0 && var.traffic_percent <= 100 && floor(var.traffic_percent) == var.traffic_percent
    error_message = "traffic_percent must be a whole number from 0 to 100."
  }

  validation {
    condition     = var.traffic_percent == 100 || (var.stable_image != null && !var.worker)
    error_message = "traffic_percent below 100 needs stable_image, or the rest of the requests would go nowhere; a worker has none to share."
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
