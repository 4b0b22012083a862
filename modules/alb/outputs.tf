output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "ARN suffix of the load balancer for CloudWatch and auto scaling."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  description = "Name of the load balancer in DNS; the target of an alias or CNAME record."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Id of the hosted zone that dns_name is in, for alias records in Route 53."
  value       = aws_lb.this.zone_id
}

output "url" {
  description = "Address of the load balancer. With a certificate, clients trust the names in the certificate, not this one."
  value       = "${local.https ? "https" : "http"}://${aws_lb.this.dns_name}"
}

output "listener_arn" {
  description = "ARN of the listener that services add their rules to: HTTPS, or HTTP without a certificate."
  value       = local.listener.arn
}

output "security_group_id" {
  description = "Id of the security group of the load balancer; services let it in."
  value       = aws_security_group.this.id
}

output "logs_bucket" {
  description = "Bucket of the access logs, below AWSLogs."
  value       = aws_s3_bucket.logs.id
}
