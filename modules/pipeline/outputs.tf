output "pipeline_name" {
  description = "Name of the pipeline."
  value       = aws_codepipeline.deploy.name
}

output "drift_pipeline_name" {
  description = "Name of the pipeline that checks drift, or null."
  value       = one(aws_codepipeline.drift[*].name)
}

output "build_role_arns" {
  description = "The role that each deployer must trust, by environment."
  value       = { for name, role in aws_iam_role.build : name => role.arn }
}

output "artifact_bucket_name" {
  description = "Name of the bucket for artifacts between stages."
  value       = aws_s3_bucket.artifacts.id
}
