data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  # An address that no packet comes from.
  nobody = ["127.0.0.1/32"]

  name = "${var.project}-${var.environment}"

  # default_tags of the provider reach neither the nodes nor their volumes.
  node_tags = {
    Name        = "${local.name}-eks-node"
    environment = var.environment
    project     = var.project
  }
}

resource "aws_kms_key" "secrets" {
  #checkov:skip=CKV2_AWS_64:the policy that AWS gives it is the one wanted: IAM in the account decides

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
# CloudWatch encrypts every group by itself. A key of one's own costs money each month, and has to let in every service that writes.
#trivy:ignore:AWS-0017
resource "aws_cloudwatch_log_group" "control_plane" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every group by itself, see above
  #checkov:skip=CKV_AWS_338:log_retention_days says how long, a year in prod

  name              = "/aws/eks/${local.name}/cluster"
  retention_in_days = var.log_retention_days
}

# Goes to the control plane besides the group that EKS makes for it and the nodes. The set of groups cannot change
# without a new cluster, so this one is always there, and opening or closing the private endpoint only changes its rules.
resource "aws_security_group" "api" {
  name        = "${local.name}-eks-api"
  description = "Who may reach the private endpoint of the Kubernetes API of ${local.name}, besides its nodes."
  vpc_id      = var.vpc_id

  # Never none at all: Terraform would take that for "leave those that are there", and a list made empty would close nothing.
  ingress {
    description = "Kubernetes API"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = length(var.cluster_private_cidrs) > 0 ? var.cluster_private_cidrs : local.nobody
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
