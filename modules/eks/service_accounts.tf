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

  controller_accounts = !var.load_balancer_controller ? {} : {
    load-balancer = {
      namespace       = "kube-system"
      service_account = "aws-load-balancer-controller"
      policy_arns     = []
    }
  }

  accounts = merge(
    { for key, account in var.service_accounts : key => { namespace = account.namespace, service_account = account.service_account, policy_arns = account.policy_arns } },
    local.addon_accounts,
    local.controller_accounts,
  )

  # The last characters of the ARN of a secret are random.
  account_secrets = {
    for key, account in var.service_accounts : key => [
      for name in account.secrets : "arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:secret:${name}-??????"
    ] if length(account.secrets) > 0
  }

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

data "aws_iam_policy_document" "account_secrets" {
  for_each = local.account_secrets

  statement {
    sid       = "ReadSecrets"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = each.value
  }

  # Whatever key a secret is encrypted with, and that key for nothing but these secrets.
  statement {
    sid       = "DecryptSecrets"
    actions   = ["kms:Decrypt"]
    resources = ["arn:${data.aws_partition.current.partition}:kms:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:SecretARN"
      values   = each.value
    }
  }
}

resource "aws_iam_role_policy" "account_secrets" {
  for_each = local.account_secrets

  name   = "read-secrets"
  role   = aws_iam_role.account[each.key].id
  policy = data.aws_iam_policy_document.account_secrets[each.key].json
}

# The policy of the controller itself: docs/install/iam_policy.json of kubernetes-sigs/aws-load-balancer-controller v3.5.0, Apache-2.0.
resource "aws_iam_role_policy" "load_balancer" {
  #checkov:skip=CKV_AWS_355:this is what the controller asks for
  #checkov:skip=CKV_AWS_290:this is what the controller asks for

  for_each = local.controller_accounts

  name   = "load-balancers"
  role   = aws_iam_role.account[each.key].id
  policy = replace(file("${path.module}/policies/load-balancer-controller.json"), "arn:aws:", "arn:${data.aws_partition.current.partition}:")
}
