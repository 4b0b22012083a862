locals {
  # Who works in the account by hand gets to the deployer from their own role.
  people_who_deploy = [for role in ["developer", "operator"] : aws_iam_role.people[role].arn if contains(var.people_roles, role)]
}

data "aws_iam_policy_document" "deployer_trust" {
  dynamic "statement" {
    for_each = length(var.deployer_trusted_arns) > 0 ? [var.deployer_trusted_arns] : []

    content {
      sid     = "NamedRoles"
      actions = ["sts:AssumeRole", "sts:TagSession"]

      principals {
        type        = "AWS"
        identifiers = statement.value
      }
    }
  }

  dynamic "statement" {
    for_each = length(local.people_who_deploy) > 0 ? [local.people_who_deploy] : []

    content {
      sid     = "PeopleOfThisAccount"
      actions = ["sts:AssumeRole", "sts:TagSession"]

      principals {
        type        = "AWS"
        identifiers = statement.value
      }
    }
  }
}

resource "aws_iam_role" "deployer" {
  name                 = var.deployer_role_name
  description          = "What Terraform may do in the account of ${var.deploys_environment}."
  assume_role_policy   = data.aws_iam_policy_document.deployer_trust.json
  max_session_duration = var.deployer_session_seconds

  lifecycle {
    precondition {
      condition     = length(var.deployer_trusted_arns) > 0 || local.developer || local.operator
      error_message = "Nobody could become the deployer: name a role in deployer_trusted_arns, or developer or operator in people_roles."
    }
  }
}

locals {
  deployer_policies = merge(
    {
      compute    = data.aws_iam_policy_document.compute.json
      data       = data.aws_iam_policy_document.data.json
      operations = data.aws_iam_policy_document.operations.json
      roles      = data.aws_iam_policy_document.roles.json
      state      = data.aws_iam_policy_document.state.json
    },
    { for document in data.aws_iam_policy_document.secret_values : "values" => document.json },
  )
}

resource "aws_iam_policy" "deployer" {
  for_each = local.deployer_policies

  name        = "${var.deployer_role_name}-${each.key}"
  description = "What ${var.deployer_role_name} may do: ${each.key}."
  policy      = jsonencode(jsondecode(each.value))

  lifecycle {
    precondition {
      condition     = length(replace(each.value, "/\\s/", "")) <= 6144
      error_message = "The policy ${each.key} of the deployer has ${length(replace(each.value, "/\\s/", ""))} characters; AWS allows 6144."
    }
  }
}

resource "aws_iam_role_policy_attachment" "deployer" {
  for_each = local.deployer_policies

  role       = aws_iam_role.deployer.name
  policy_arn = aws_iam_policy.deployer[each.key].arn
}

resource "aws_iam_role_policy_attachment" "deployer_foundation" {
  role       = aws_iam_role.deployer.name
  policy_arn = aws_iam_policy.foundation.arn
}
