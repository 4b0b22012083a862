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

variable "repositories" {
  description = "Last parts of the names of the repositories: one for each image."
  type        = set(string)
  default     = ["web"]
  nullable    = false

  validation {
    condition     = length(var.repositories) > 0 && alltrue([for name in var.repositories : can(regex("^[a-z0-9]+([._-][a-z0-9]+)*$", name))])
    error_message = "repositories must hold names of lower-case letters and digits, with single dots, hyphens or underscores between."
  }
}

variable "pull_account_ids" {
  description = "Ids of other accounts that may only pull: those of the environments that run these images."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.pull_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "pull_account_ids must hold account ids of 12 digits."
  }
}

variable "max_images" {
  description = "Number of images that a repository keeps, the newest ones. Null keeps all: a release stays deployable for as long as its image is there."
  type        = number
  default     = null

  validation {
    condition     = var.max_images == null ? true : var.max_images >= 100 && floor(var.max_images) == var.max_images
    error_message = "max_images must be a whole number of at least 100: AWS does not look whether an image still runs before it is taken away."
  }
}
