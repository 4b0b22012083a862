output "role_arns" {
  description = "ARNs of the roles of people, by their names in people_roles."
  value       = { for role, made in aws_iam_role.people : role => made.arn }
}

output "deployer_role_arn" {
  description = "ARN of the deployer: assume_role of the environment in envctl.toml."
  value       = aws_iam_role.deployer.arn

  # Whoever becomes the deployer may count on its rights.
  depends_on = [aws_iam_role_policy_attachment.deployer, aws_iam_role_policy_attachment.deployer_foundation]
}

output "oidc_provider_arn" {
  description = "ARN of the identity provider of GitHub; null without github_repository."
  value       = one(aws_iam_openid_connect_provider.github[*].arn)
}
