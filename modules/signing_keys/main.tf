data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition

  # Each kind of entries of an environment has a key, and roles that sign with it.
  signers = merge([for each in var.environments : {
    for kind, signer in {
      deployment = { key = each.deployment_key, roles = each.deployer_roles }
      look       = { key = each.look_key, roles = each.look_roles }
      approval   = { key = each.approval_key, roles = each.people_roles }
    } : "${each.name}-${kind}" => merge(signer, { kind = kind, environment = each.name }) if signer.key != null
  }]...)

  # No resource of a statement is an alias: it means the keys of its account and region that are asked for by that name.
  keys = { for name, signer in local.signers : name => {
    alias    = try("alias/${split(":alias/", signer.key)[1]}", null)
    resource = strcontains(signer.key, ":alias/") ? "${split(":alias/", signer.key)[0]}:key/*" : signer.key
  } }

  # The names that envctl proposes, and those that are given. Keys of workloads of a project called envctl are called envctl-ENV-... too.
  usual_aliases = {
    deployment = []
    look       = ["alias/envctl-look-*"]
    approval   = ["alias/envctl-approve-*"]
  }
  aliases_by_kind = { for kind, usual in local.usual_aliases : kind => distinct(concat(
    usual, [for name, key in local.keys : key.alias if key.alias != null && local.signers[name].kind == kind],
  )) }
  key_arns_by_kind = { for kind in keys(local.usual_aliases) : kind => [
    for name, key in local.keys : key.resource if key.alias == null && local.signers[name].kind == kind
  ] }
  guarded_aliases = distinct(concat(
    startswith(var.project, "envctl") ? [] : ["alias/envctl-*"], flatten(values(local.aliases_by_kind)), var.other_aliases,
  ))
  guarded_keys = flatten(values(local.key_arns_by_kind))

  attachments = merge([for name, signer in local.signers : { for role in signer.roles : "${name}-${role}" => { policy = name, role = role } }]...)
  bound_roles = toset(flatten([for each in var.environments : concat(each.deployer_roles, each.look_roles)]))
}

resource "aws_kms_alias" "this" {
  for_each = var.aliases

  name          = each.key
  target_key_id = each.value
}

data "aws_iam_policy_document" "sign" {
  for_each = local.signers

  statement {
    sid       = "Sign"
    actions   = ["kms:Sign"]
    resources = [local.keys[each.key].resource]

    dynamic "condition" {
      for_each = local.keys[each.key].alias == null ? [] : [local.keys[each.key].alias]

      content {
        test     = "StringEquals"
        variable = "kms:RequestAlias"
        values   = [condition.value]
      }
    }
  }

  # Whatever other policies of the role allow.
  statement {
    sid       = "SignNothingOfOtherKinds"
    effect    = "Deny"
    actions   = ["kms:Sign"]
    resources = ["*"]

    condition {
      test     = "ForAnyValue:StringLike"
      variable = "kms:ResourceAliases"
      values   = flatten([for kind, aliases in local.aliases_by_kind : aliases if kind != each.value.kind])
    }
  }

  dynamic "statement" {
    for_each = [for arns in [flatten([for kind, found in local.key_arns_by_kind : found if kind != each.value.kind])] : arns if length(arns) > 0]

    content {
      sid       = "SignWithNoKeyOfOtherKinds"
      effect    = "Deny"
      actions   = ["kms:Sign"]
      resources = statement.value
    }
  }
}

resource "aws_iam_policy" "sign" {
  for_each = { for name, signer in local.signers : name => signer if length(signer.roles) > 0 }

  name        = "envctl-sign-${var.project}-${each.key}"
  description = "Signs entries of ${each.value.environment} with its ${each.value.kind} key, and with no key of another kind."
  policy      = jsonencode(jsondecode(data.aws_iam_policy_document.sign[each.key].json))
}

resource "aws_iam_role_policy_attachment" "sign" {
  for_each = local.attachments

  role       = each.value.role
  policy_arn = aws_iam_policy.sign[each.value.policy].arn
}

# Policy, tags, grants and aliases of a key decide who uses it: whoever changes these owns the key.
data "aws_iam_policy_document" "leave" {
  statement {
    sid         = "LeaveTheKeys"
    effect      = "Deny"
    not_actions = ["kms:Decrypt", "kms:Describe*", "kms:Get*", "kms:List*", "kms:Sign", "kms:Verify"]
    resources   = ["arn:${local.partition}:kms:*:*:key/*"]

    condition {
      test     = "ForAnyValue:StringLike"
      variable = "kms:ResourceAliases"
      values   = local.guarded_aliases
    }
  }

  dynamic "statement" {
    for_each = length(local.guarded_keys) > 0 ? [local.guarded_keys] : []

    content {
      sid         = "LeaveTheKeysWithoutAlias"
      effect      = "Deny"
      not_actions = ["kms:Decrypt", "kms:Describe*", "kms:Get*", "kms:List*", "kms:Sign", "kms:Verify"]
      resources   = statement.value
    }
  }

  statement {
    sid       = "LeaveTheNamesOfTheKeys"
    effect    = "Deny"
    actions   = ["kms:DeleteAlias", "kms:UpdateAlias"]
    resources = [for alias in local.guarded_aliases : "arn:${local.partition}:kms:*:*:${alias}"]
  }
}

resource "aws_iam_policy" "leave" {
  count = length(local.bound_roles) > 0 ? 1 : 0

  name        = "envctl-sign-${var.project}-leaves-the-keys"
  description = "Who deploys or looks changes no key that signs the ledger."
  policy      = jsonencode(jsondecode(data.aws_iam_policy_document.leave.json))
}

resource "aws_iam_role_policy_attachment" "leave" {
  for_each = local.bound_roles

  role       = each.key
  policy_arn = aws_iam_policy.leave[0].arn
}
