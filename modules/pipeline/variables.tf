variable "project" {
  description = "Name of the project; the first part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,19}$", var.project))
    error_message = "project must be 1 to 20 lower-case letters, digits or hyphens, and start with a letter."
  }
}

variable "environments" {
  description = "The environments in the order of envctl.toml, each with its deployer role and its role that only looks. The first one gets the merged commit. With `approval` a person must approve before that environment."
  type = list(object({
    name              = string
    deployer_role_arn = string
    look_role_arn     = string
    approval          = optional(bool, false)
  }))
  nullable = false

  validation {
    condition     = length(var.environments) > 0 && alltrue([for each in var.environments : can(regex("^[a-z][a-z0-9-]{0,19}$", each.name))])
    error_message = "environments must name at least one, each with 1 to 20 lower-case letters, digits or hyphens, starting with a letter."
  }

  validation {
    condition     = length(distinct(var.environments[*].name)) == length(var.environments) && !contains(var.environments[*].name, "look")
    error_message = "environments must name each environment once, and none of them look: that is the build that plans."
  }

  validation {
    condition = alltrue([for each in var.environments :
      alltrue([for arn in [each.deployer_role_arn, each.look_role_arn] : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn))])
    ])
    error_message = "environments needs the ARN of a role in each deployer_role_arn and look_role_arn, without a star."
  }

  validation {
    condition     = length(setintersection(toset(var.environments[*].deployer_role_arn), toset(var.environments[*].look_role_arn))) == 0
    error_message = "environments must have other roles that look than deployers."
  }

  validation {
    condition     = !try(var.environments[0].approval, false)
    error_message = "environments can't ask for an approval before the first one: it takes what is merged, and the merge was approved."
  }
}

variable "connection_arn" {
  description = "ARN of the connection to the code host (Developer Tools, Connections). It must be accepted there."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:(codestar-connections|codeconnections):[a-z0-9-]+:[0-9]{12}:connection/[0-9a-f-]+$", var.connection_arn))
    error_message = "connection_arn must be the ARN of a connection."
  }
}

variable "repository" {
  description = "Repository with the project, such as acme/shop."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$", var.repository))
    error_message = "repository must be of the form owner/name."
  }
}

variable "branch" {
  description = "Branch that is deployed."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_./-]*$", var.branch))
    error_message = "branch must be the name of a branch."
  }
}

variable "folder" {
  description = "Folder of the repository with envctl.toml."
  type        = string
  default     = "."
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.][A-Za-z0-9_./-]*$", var.folder))
    error_message = "folder must be a path in the repository of letters, digits and ._/-, without a slash in front."
  }
}

variable "store_url" {
  description = "Store of releases and ledger, as in envctl.toml: s3://BUCKET/PREFIX."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_./-]*)?$", var.store_url))
    error_message = "store_url must be of the form s3://BUCKET/PREFIX."
  }
}

variable "image" {
  description = "Image of the builds, with Python 3.11 or newer and git: one of AWS CodeBuild, or your own by its digest."
  type        = string
  default     = "aws/codebuild/standard:7.0"
  nullable    = false

  validation {
    condition     = can(regex("^(aws/codebuild/[A-Za-z0-9_.:-]+|[A-Za-z0-9][A-Za-z0-9_.:/-]*@sha256:[0-9a-f]{64})$", var.image))
    error_message = "image must be one of AWS CodeBuild (aws/codebuild/...), or end with its digest (@sha256:...)."
  }
}

variable "compute_type" {
  description = "Size of the machine of a build."
  type        = string
  default     = "BUILD_GENERAL1_SMALL"
  nullable    = false

  validation {
    condition     = contains(["BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE"], var.compute_type)
    error_message = "compute_type must be BUILD_GENERAL1_SMALL, BUILD_GENERAL1_MEDIUM or BUILD_GENERAL1_LARGE."
  }
}

variable "timeout_minutes" {
  description = "How long one deployment may take."
  type        = number
  default     = 180
  nullable    = false

  validation {
    condition     = var.timeout_minutes >= 5 && var.timeout_minutes <= 480
    error_message = "timeout_minutes must be between 5 and 480."
  }
}

variable "topic_arn" {
  description = "Topic for messages about pending approvals. Null sends none."
  type        = string
  default     = null

  validation {
    condition     = var.topic_arn == null || can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.topic_arn))
    error_message = "topic_arn must be the ARN of an SNS topic."
  }
}

variable "drift_schedule" {
  description = "When drift is checked, as AWS cron fields in UTC; null never."
  type        = string
  default     = "17 18 * * ? *"

  validation {
    condition     = var.drift_schedule == null || can(regex("^[^ ()]+( [^ ()]+){5}$", var.drift_schedule))
    error_message = "drift_schedule needs six fields, such as \"17 18 * * ? *\"."
  }
}

variable "log_retention_days" {
  description = "How long the logs of the builds are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a period that CloudWatch Logs offers, such as 30, 90 or 365."
  }
}
