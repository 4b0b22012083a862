locals {
  # What EKS cannot change in a node group that exists. A new name lets the new group come up before the old one goes.
  fixed = {
    architecture   = var.architecture
    instance_types = var.node_instance_types
    spot           = var.node_spot
    subnet_ids     = sort(var.subnet_ids)
  }

  # With groups of its own, a launch template has to name that of the cluster as well: EKS then adds none.
  node_groups = var.database_security_group_id == null ? null : [
    aws_eks_cluster.this.vpc_config[0].cluster_security_group_id,
    var.database_security_group_id,
  ]

  newest  = var.node_release_version == "latest"
  machine = var.architecture == "arm64" ? "arm64" : "x86_64"
}

# What AWS publishes, patched about once a week.
data "aws_ssm_parameter" "node_release" {
  count = local.newest ? 1 : 0

  name = "/aws/service/eks/optimized-ami/${aws_eks_cluster.this.version}/amazon-linux-2023/${local.machine}/standard/recommended/release_version"
}

resource "aws_launch_template" "node" {
  name_prefix            = "${local.name}-eks-node-"
  description            = "Nodes of ${local.name}."
  update_default_version = true
  vpc_security_group_ids = local.node_groups

  # Version 2 of the metadata service only, and out of reach for pods: they get a role of their own or none, never that of the node.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted             = true
      volume_type           = "gp3"
      volume_size           = var.node_volume_gb
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume"]

    content {
      resource_type = tag_specifications.value
      tags          = local.node_tags
    }
  }

  tags = { Name = "${local.name}-eks-node" }
}

resource "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "${local.name}-${var.node_spot ? "spot" : "on-demand"}-${substr(sha256(jsonencode(local.fixed)), 0, 8)}"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = var.subnet_ids
  version         = aws_eks_cluster.this.version
  # A newer one replaces the nodes one after the other, as PodDisruptionBudgets allow.
  release_version = local.newest ? nonsensitive(data.aws_ssm_parameter.node_release[0].value) : var.node_release_version

  # EKS takes Amazon Linux 2023 for x86 processors by itself, and the first provider that knows its name is newer than 3.39.
  ami_type       = var.architecture == "arm64" ? "AL2023_ARM_64_STANDARD" : null
  capacity_type  = var.node_spot ? "SPOT" : "ON_DEMAND"
  instance_types = var.node_instance_types

  scaling_config {
    min_size     = var.node_min_size
    desired_size = var.node_min_size
    max_size     = var.node_max_size
  }

  launch_template {
    id      = aws_launch_template.node.id
    version = aws_launch_template.node.latest_version
  }

  # One node after the other, and each waits until its pods run elsewhere: a dozen take longer than the hour of the provider.
  timeouts {
    update = "3h"
  }

  lifecycle {
    create_before_destroy = true
    # How many nodes there are is for the autoscaler to say.
    ignore_changes = [scaling_config[0].desired_size]
  }

  depends_on = [
    aws_cloudformation_stack.before_nodes,
    aws_iam_role_policy_attachment.node,
  ]
}
