data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  name = "${var.project}-${var.environment}"

  # default_tags of the provider reach neither the nodes nor their volumes.
  node_tags = {
    Name        = "${local.name}-eks-node"
    environment = var.environment
    project     = var.project
  }
}

resource "aws_kms_key" "secrets" {
  description             = "Encrypts the Kubernetes Secrets of ${local.name}."
  enable_key_rotation     = true
  deletion_window_in_days = 30

  tags = { Name = "${local.name}-eks-secrets" }
}

resource "aws_kms_alias" "secrets" {
  name          = "alias/${local.name}-eks-secrets"
  target_key_id = aws_kms_key.secrets.key_id
}

# EKS would make this group itself at the first line of log, and keep every line for ever.
resource "aws_cloudwatch_log_group" "control_plane" {
  name              = "/aws/eks/${local.name}/cluster"
  retention_in_days = var.log_retention_days
}

# Goes to the control plane besides the group that EKS makes for it and the nodes. The set of groups cannot change
# without a new cluster, so this one is always there, and opening or closing the private endpoint only changes its rules.
resource "aws_security_group" "api" {
  name        = "${local.name}-eks-api"
  description = "Who may reach the private endpoint of the Kubernetes API of ${local.name}, besides its nodes."
  vpc_id      = var.vpc_id

  dynamic "ingress" {
    for_each = length(var.cluster_private_cidrs) > 0 ? [var.cluster_private_cidrs] : []

    content {
      description = "Kubernetes API"
      protocol    = "tcp"
      from_port   = 443
      to_port     = 443
      cidr_blocks = ingress.value
    }
  }

  tags = { Name = "${local.name}-eks-api" }
}

resource "aws_eks_cluster" "this" {
  name     = local.name
  version  = var.kubernetes_version
  role_arn = aws_iam_role.cluster.arn

  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

  vpc_config {
    subnet_ids              = var.subnet_ids
    security_group_ids      = [aws_security_group.api.id]
    endpoint_private_access = true
    endpoint_public_access  = length(var.cluster_public_cidrs) > 0
    public_access_cidrs     = length(var.cluster_public_cidrs) > 0 ? var.cluster_public_cidrs : null
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = aws_kms_key.secrets.arn
    }
  }

  # The control plane is well with the two zones it began with. Moving it would take a new cluster on older versions of
  # the provider, and a zone more in the network is no reason for one: the nodes spread there.
  lifecycle {
    ignore_changes = [vpc_config[0].subnet_ids]
  }

  # Without its role's policy EKS could not take its network interfaces away again at the end.
  depends_on = [
    aws_cloudwatch_log_group.control_plane,
    aws_iam_role_policy_attachment.cluster,
  ]
}
