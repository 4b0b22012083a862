# No addon_version means the one that AWS holds best when the add-on is made. It stays until cluster_addon_versions names another.

# Before the nodes: without a network plug-in that may work, no node gets ready.
resource "aws_eks_addon" "vpc_cni" {
  cluster_name             = aws_eks_cluster.this.name
  addon_name               = "vpc-cni"
  addon_version            = lookup(var.cluster_addon_versions, "vpc-cni", null)
  service_account_role_arn = aws_iam_role.account["vpc-cni"].arn

  depends_on = [aws_iam_role_policy_attachment.account]
}

resource "aws_eks_addon" "kube_proxy" {
  cluster_name  = aws_eks_cluster.this.name
  addon_name    = "kube-proxy"
  addon_version = lookup(var.cluster_addon_versions, "kube-proxy", null)
}

# After the nodes: these are deployments, and not active before their pods have a place to run.
resource "aws_eks_addon" "coredns" {
  cluster_name  = aws_eks_cluster.this.name
  addon_name    = "coredns"
  addon_version = lookup(var.cluster_addon_versions, "coredns", null)

  depends_on = [aws_eks_node_group.this]
}

resource "aws_eks_addon" "ebs_csi" {
  cluster_name             = aws_eks_cluster.this.name
  addon_name               = "aws-ebs-csi-driver"
  addon_version            = lookup(var.cluster_addon_versions, "aws-ebs-csi-driver", null)
  service_account_role_arn = aws_iam_role.account["ebs-csi"].arn

  depends_on = [
    aws_eks_node_group.this,
    aws_iam_role_policy_attachment.account,
  ]
}
