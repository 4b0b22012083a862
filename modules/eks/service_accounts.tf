locals {
  issuer = replace(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://", "")

  addon_accounts = {
    vpc-cni = {
      namespace       = "kube-system"
      service_account = "aws-node"
      policy_arns     = ["arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonEKS_CNI_Policy"]
    }
    ebs-csi = {
      namespace       = "kube-system"
      service_account = "ebs-csi-controller-sa"
      policy_arns     = ["arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"]
    }
  }

  accounts = merge(var.service_accounts, local.addon_accounts)

  account_policies = merge([
    for key, account in local.accounts : { for arn in account.policy_arns : "${key} ${arn}" => { key = key, arn = arn } }
  ]...)
}

resource "aws_iam_openid_connect_provider" "this" {
  url            = aws_eks_cluster.this.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]

  # AWS trusts the root of its own issuers without looking at this. Older versions of the provider insist on a value:
  # the Starfield root that those issuers lead up to.
  thumbprint_list = ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]

  tags = { Name = local.name }
}

data "aws_iam_policy_document" "account_assume" {
  for_each = local.accounts

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.this.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["system:serviceaccount:${each.value.namespace}:${each.value.service_account}"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "account" {
  for_each = local.accounts

  name               = "${local.name}-eks-${each.key}"
  description        = "What pods of ${each.value.namespace}/${each.value.service_account} in ${local.name} may do."
  assume_role_policy = data.aws_iam_policy_document.account_assume[each.key].json
}

resource "aws_iam_role_policy_attachment" "account" {
  for_each = local.account_policies

  role       = aws_iam_role.account[each.value.key].name
  policy_arn = each.value.arn
}
