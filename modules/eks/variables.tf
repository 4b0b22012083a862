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
  description = "Id of the VPC that the cluster runs in."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Ids of the subnets of control plane and nodes: private ones in two zones or more, with a way out to fetch images. Later ones are for nodes only."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "subnet_ids must name at least two subnets: EKS wants two availability zones."
  }
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes, for control plane and nodes. Increase it by one at a time; it can't go back."
  type        = string
  default     = "1.35"
  nullable    = false

  validation {
    condition     = can(regex("^1\\.[3-9][0-9]$", var.kubernetes_version))
    error_message = "kubernetes_version must be a minor version from 1.30 on, without a patch level, such as 1.35."
  }
}

variable "cluster_public_cidrs" {
  description = "IPv4 ranges that may reach the Kubernetes API over the internet; empty closes the public endpoint."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.cluster_public_cidrs : can(cidrnetmask(cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr, false) && !endswith(cidr, "/0")])
    error_message = "cluster_public_cidrs must be IPv4 ranges that start at their network address, such as 203.0.113.0/24, and not the whole internet."
  }
}

variable "cluster_private_cidrs" {
  description = "IPv4 ranges inside the VPC or behind a VPN that may reach the Kubernetes API at its private endpoint, besides the nodes."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.cluster_private_cidrs : can(cidrnetmask(cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "cluster_private_cidrs must be IPv4 ranges that start at their network address, such as 10.10.0.0/16."
  }
}

variable "cluster_addon_versions" {
  description = "Versions of the add-ons vpc-cni, kube-proxy, coredns and aws-ebs-csi-driver. Add-ons without a version keep the first version from AWS."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.cluster_addon_versions), ["aws-ebs-csi-driver", "coredns", "kube-proxy", "vpc-cni"])) == 0
    error_message = "cluster_addon_versions knows aws-ebs-csi-driver, coredns, kube-proxy and vpc-cni."
  }

  validation {
    condition     = alltrue([for version in values(var.cluster_addon_versions) : can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+-eksbuild\\.[0-9]+$", version))])
    error_message = "cluster_addon_versions must hold versions of EKS such as v1.35.0-eksbuild.2; aws eks describe-addon-versions lists them."
  }
}

variable "architecture" {
  description = "Processor of node_instance_types and of the images that run there: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "node_instance_types" {
  description = "Types of the nodes, in order of preference. For spot capacity list several of the same size."
  type        = list(string)
  default     = ["t3.large"]
  nullable    = false

  validation {
    condition     = length(var.node_instance_types) > 0 && alltrue([for type in var.node_instance_types : can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", type))])
    error_message = "node_instance_types must name at least one instance type, such as t3.large."
  }
}

variable "node_spot" {
  description = "Whether nodes are spot capacity: much cheaper, but AWS takes it back with two minutes' notice. Not for prod."
  type        = bool
  default     = false
  nullable    = false
}

variable "node_min_size" {
  description = "Minimum and first number of nodes. Nodes are spread over the subnets."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.node_min_size >= 1 && var.node_min_size <= var.node_max_size
    error_message = "node_min_size must be at least 1, for the add-ons need a node to run on, and not above node_max_size."
  }
}

variable "node_max_size" {
  description = "Maximum number of nodes."
  type        = number
  default     = 4
  nullable    = false
}

variable "node_release_version" {
  description = "System image of the nodes: latest for the newest of the Kubernetes version at each plan, a version such as 1.35.0-20260120, or null for the first one for ever."
  type        = string
  default     = "latest"

  validation {
    condition     = var.node_release_version == null || can(regex("^(latest|1\\.[0-9]+\\.[0-9]+-[0-9]{8})$", var.node_release_version))
    error_message = "node_release_version must be latest, or a version such as 1.35.0-20260120."
  }
}

variable "node_volume_gb" {
  description = "Size of the encrypted root volume of a node in GiB: images, logs and scratch space of its pods."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.node_volume_gb >= 20
    error_message = "node_volume_gb must be at least 20, or images soon fill it up."
  }
}

variable "service_accounts" {
  description = "IAM roles for pods, by a short key: which service account in which namespace takes the role, the policies it has, and the names of the secrets in Secrets Manager that it may read. The ARNs must be known before the apply."
  type = map(object({
    namespace       = string
    service_account = string
    policy_arns     = optional(list(string), [])
    secrets         = optional(list(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.service_accounts) : can(regex("^[a-z][a-z0-9-]{0,17}$", key)) && !contains(["ebs-csi", "load-balancer", "node", "vpc-cni"], key)])
    error_message = "Keys of service_accounts must be 1 to 18 lower-case letters, digits or hyphens, start with a letter, and not be ebs-csi, load-balancer, node or vpc-cni."
  }

  # A pattern would not match anything in a trust policy that compares word for word.
  validation {
    condition     = alltrue([for account in values(var.service_accounts) : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", account.namespace)) && can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", account.service_account))])
    error_message = "service_accounts must give one namespace and one service account each, by their names in Kubernetes, without patterns."
  }

  validation {
    condition     = alltrue(flatten([for account in values(var.service_accounts) : [for arn in account.policy_arns : can(regex("^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/", arn))]]))
    error_message = "policy_arns of service_accounts must be ARNs of IAM policies."
  }

  validation {
    condition     = alltrue(flatten([for account in values(var.service_accounts) : [for name in account.secrets : can(regex("^[A-Za-z0-9/_+=.@-]+[*]?$", name))]]))
    error_message = "secrets of service_accounts must be names of secrets, such as shop/dev/database; only a * at the end stands for more."
  }
}

variable "cluster_access" {
  description = "IAM roles of people and jobs that may use the cluster, by a short key, and their groups in Kubernetes. A Role and a RoleBinding say what a group may do. They reach the cluster by the output aws_auth_map_roles."
  type = map(object({
    role_arn = string
    groups   = list(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.cluster_access) : can(regex("^[a-z][a-z0-9-]{0,31}$", key))])
    error_message = "Keys of cluster_access must be 1 to 32 lower-case letters, digits or hyphens, and start with a letter."
  }

  # aws-auth compares without the path, and admits nobody if there is one.
  validation {
    condition     = alltrue([for access in values(var.cluster_access) : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_-]+$", access.role_arn))])
    error_message = "role_arn of cluster_access must be the ARN of an IAM role, without the path of the role."
  }

  validation {
    condition     = alltrue(flatten([for access in values(var.cluster_access) : [for group in access.groups : !startswith(group, "system:")]]))
    error_message = "groups of cluster_access must be your own: those that begin with system: belong to Kubernetes."
  }
}

variable "load_balancer_controller" {
  description = "Whether to make the IAM role of the AWS Load Balancer Controller, for its service account in kube-system."
  type        = bool
  default     = false
  nullable    = false
}

variable "database_security_group_id" {
  description = "Security group that may connect to the database, or null. Nodes and their pods join it."
  type        = string
  default     = null
}

variable "sleep" {
  description = "When the nodes stop and start, as AWS cron fields in UTC; null never. Use it for dev to save cost."
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
