data "aws_partition" "current" {}

locals {
  name = "${var.project}-${var.environment}"

  roles = "arn:${data.aws_partition.current.partition}:iam::*:role"

  # Organizations makes it in every new account, and lets nobody but the management account take it: the foundation is laid with it.
  foundation_role = "${local.roles}/OrganizationAccountAccessRole"
  deployer_role   = "${local.roles}/${var.deployer_role_name}"
  look_role       = "${local.roles}/${var.look_role_name}"
  job_roles       = "${local.roles}/${var.job_role_prefix}-*"
  data_admin_role = "${local.roles}/${var.data_admin_role}"
  workload_roles  = "${local.roles}/${var.project}-*"

  # Keys of the workloads of a project called envctl are called envctl-ENV-... too.
  signing_key_aliases = startswith(var.project, "envctl") ? ["alias/envctl-approve-*", "alias/envctl-look-*"] : ["alias/envctl-*"]
}

resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]

  aws_service_access_principals = [
    "access-analyzer.amazonaws.com",
    "account.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "sso.amazonaws.com",
  ]
}

resource "aws_organizations_organizational_unit" "this" {
  for_each = toset(["DevOU", "ProdOU"])

  name      = each.key
  parent_id = aws_organizations_organization.this.roots[0].id
}

resource "aws_organizations_account" "this" {
  for_each = var.organization_accounts

  name      = each.key
  email     = each.value.email
  parent_id = aws_organizations_organizational_unit.this[each.value.unit].id
  role_name = "OrganizationAccountAccessRole"

  # Each of these would make the provider take the account out of the organization and open another one in its place.
  lifecycle {
    ignore_changes = [name, email, role_name, iam_user_access_to_billing]
  }

  # A new account is bound from its first moment.
  depends_on = [aws_organizations_policy_attachment.this]
}

locals {
  # White space counts against the limit of AWS.
  policies = {
    everywhere = jsonencode(jsondecode(data.aws_iam_policy_document.everywhere.json))
    dev        = jsonencode(jsondecode(data.aws_iam_policy_document.dev.json))
    prod       = jsonencode(jsondecode(data.aws_iam_policy_document.prod.json))
  }
  descriptions = {
    everywhere = "What no account of an environment may do."
    dev        = "What accounts of DevOU may not do."
    prod       = "What accounts of ProdOU may not do."
  }
  attachments = {
    dev_everywhere  = { unit = "DevOU", policy = "everywhere" }
    dev             = { unit = "DevOU", policy = "dev" }
    prod_everywhere = { unit = "ProdOU", policy = "everywhere" }
    prod            = { unit = "ProdOU", policy = "prod" }
  }
}

resource "aws_organizations_policy" "this" {
  for_each = local.policies

  name        = "${local.name}-${each.key}"
  description = local.descriptions[each.key]
  type        = "SERVICE_CONTROL_POLICY"
  content     = each.value

  lifecycle {
    precondition {
      condition     = length(each.value) <= 5120
      error_message = "The service control policy ${each.key} has ${length(each.value)} characters; AWS allows 5120."
    }
  }

  # Policies of this type are refused before they are switched on.
  depends_on = [aws_organizations_organization.this]
}

resource "aws_organizations_policy_attachment" "this" {
  for_each = local.attachments

  policy_id = aws_organizations_policy.this[each.value.policy].id
  target_id = aws_organizations_organizational_unit.this[each.value.unit].id
}
