output "trail_arn" {
  description = "ARN of the trail."
  value       = aws_cloudtrail.this.arn
}

output "logs_bucket" {
  description = "Name of the bucket that the trail writes to."
  value       = aws_s3_bucket.logs.id
}

output "logs_key_arn" {
  description = "ARN of the key that encrypts the logs: readers need kms:Decrypt on it."
  value       = aws_kms_key.logs.arn
}

output "analyzer_arn" {
  description = "ARN of the access analyzer of the account."
  value       = aws_accessanalyzer_analyzer.this.arn
}
