output "sign_policies" {
  description = "Policies that sign, as JSON, by environment and kind, such as prod-approval: for permission sets and roles of other accounts."
  value       = { for name, document in data.aws_iam_policy_document.sign : name => document.json }
}

output "sign_policy_arns" {
  description = "ARNs of the policies that sign, by environment and kind, where this account has roles for them."
  value       = { for name, policy in aws_iam_policy.sign : name => policy.arn }
}

output "leave_policy" {
  description = "The policy, as JSON, that keeps a role from changing signing keys: for every role that deploys or looks, in each account."
  value       = data.aws_iam_policy_document.leave.json
}
