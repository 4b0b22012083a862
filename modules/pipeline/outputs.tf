output "pipeline_name" {
  description = "Name of the pipeline."
  value       = aws_codepipeline.deploy.name
}

output "drift_pipeline_name" {
  description = "Name of the pipeline that looks for drift. Null where none does."
  value       = one(aws_codepipeline.drift[*].name)
}

output "build_role_arns" {
  description = "By environment, the role that its deployer has to trust."
  value       = { for name, role in aws_iam_role.build : name => role.arn }
}

output "artifact_bucket_name" {
  description = "Name of the bucket through which stages hand on what is to be built."
  value       = aws_s3_bucket.artifacts.id
}
