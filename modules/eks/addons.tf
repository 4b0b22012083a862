# Through CloudFormation, because that knows configuration and conflicts of add-ons in every version of the provider: 3.39 has no
# configuration_values, and the argument that takes over what EKS installs by itself has another name in 6.x.
locals {
  bootstrapped = {
    vpc-cni = {
      ServiceAccountRoleArn = aws_iam_role.account["vpc-cni"].arn
      # Without this a NetworkPolicy is accepted and does nothing.
      ConfigurationValues = jsonencode({ enableNetworkPolicy = "true" })
    }
    kube-proxy = {}
    coredns    = {}
  }

  # No version means the one that AWS holds best when the add-on is made. It stays until cluster_addon_versions names another.
  addon_templates = {
    for name, given in local.bootstrapped : name => jsonencode({
      AWSTemplateFormatVersion = "2010-09-09"
      Description              = "Add-on ${name} of the cluster ${local.name}"
      Resources = {
        Addon = {
          Type = "AWS::EKS::Addon"
          Properties = merge(
            {
              AddonName   = name
              ClusterName = aws_eks_cluster.this.name
              # EKS has put a copy there already, which nobody has changed.
              ResolveConflicts = "OVERWRITE"
            },
            given,
            { for version in compact([lookup(var.cluster_addon_versions, name, "")]) : "AddonVersion" => version },
          )
        }
      }
    })
  }
}

# Before the nodes: without a network plug-in that may work, no node gets ready.
resource "aws_cloudformation_stack" "before_nodes" {
  #checkov:skip=CKV_AWS_124:Terraform waits for the stack, and says what went wrong

  for_each = toset(["kube-proxy", "vpc-cni"])

  name          = "${local.name}-eks-${each.key}"
  template_body = local.addon_templates[each.key]

  tags = { Name = "${local.name}-eks-${each.key}" }

  depends_on = [aws_iam_role_policy_attachment.account]
}

# Beside the nodes: its pods wait for them, and CloudFormation waits for its pods, or ends when EKS calls the add-on DEGRADED.
# aws_eks_addon of 3.39 takes that for a failure, and had to wait for the nodes.
resource "aws_cloudformation_stack" "coredns" {
  #checkov:skip=CKV_AWS_124:Terraform waits for the stack, and says what went wrong

  name          = "${local.name}-eks-coredns"
  template_body = local.addon_templates["coredns"]

  tags = { Name = "${local.name}-eks-coredns" }
}

# EKS installs no copy of this one by itself: there is no conflict.
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
