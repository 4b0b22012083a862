# What the ConfigMap aws-auth of the cluster has to hold. The nodes come first: without their line, none may join.
locals {
  node_access = {
    rolearn  = aws_iam_role.node.arn
    username = "system:node:{{EC2PrivateDNSName}}"
    groups   = ["system:bootstrappers", "system:nodes"]
  }

  # The name of the session is who CloudTrail says it was; the key keeps people of two roles apart.
  people_access = [
    for key in sort(keys(var.cluster_access)) : {
      rolearn  = var.cluster_access[key].role_arn
      username = "${key}:{{SessionName}}"
      groups   = var.cluster_access[key].groups
    }
  ]
}
