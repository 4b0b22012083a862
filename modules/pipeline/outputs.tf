output "pipeline_name" {
  description = "Name of the pipeline."
  value       = aws_codepipeline.deploy.name
}

output "drift_pipeline_name" {
  description = "Name of the pipeline that checks drift, or null."
  value       = one(aws_codepipeline.drift[*].name)
}

output "build_role_arns" {
  description = "The role that the deployer and the look role of each environment must trust, by environment."
  value       = { for name in keys(local.environments) : name => aws_iam_role.build[name].arn }
}

output "look_build_role_arn" {
  description = "The role of the build that plans and checks drift: every look role must trust it."
  value       = aws_iam_role.build["look"].arn
}

output "artifact_bucket_name" {
  description = "Name of the bucket for artifacts between stages."
  value       = aws_s3_bucket.artifacts.id
}
