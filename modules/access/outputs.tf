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

output "look_role_arn" {
  description = "ARN of the role that only looks: look_role of the environment in envctl.toml; null without look_trusted_arns."
  value       = one(aws_iam_role.look[*].arn)

  depends_on = [aws_iam_role_policy_attachment.look]
}
