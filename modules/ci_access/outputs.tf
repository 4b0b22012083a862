output "plan_role_arn" {
  description = "ARN of the role for jobs of pull and merge requests."
  value       = aws_iam_role.job["plan"].arn
}

output "drift_role_arn" {
  description = "ARN of the role for jobs that check drift, and that plan for reviewers."
  value       = aws_iam_role.job["drift"].arn
}

output "deploy_role_arns" {
  description = "ARNs of the roles for jobs that deploy, by environment."
  value       = { for name in local.names : name => aws_iam_role.job[name].arn }
}

output "approval_role_arns" {
  description = "ARNs of the roles for jobs that record what people decide, by environment: of those with an approval_key_arn."
  value       = { for job, name in local.approvals : name => aws_iam_role.job[job].arn }
}

output "github_provider_arn" {
  description = "ARN of the identity provider for GitHub; null without github_repository."
  value       = one(local.github)
}

output "gitlab_provider_arn" {
  description = "ARN of the identity provider for GitLab; null without gitlab_project."
  value       = one(local.gitlab)
}
