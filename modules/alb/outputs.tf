output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "The part of the ARN by which CloudWatch and auto scaling know the load balancer."
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
  description = "Address of the load balancer. With a certificate, clients trust the names in it, and not this one."
  value       = "${local.https ? "https" : "http"}://${aws_lb.this.dns_name}"
}

output "listener_arn" {
  description = "ARN of the listener that services add their rules to: HTTPS, or HTTP where there is no certificate."
  value       = local.listener.arn
}

output "security_group_id" {
  description = "Id of the security group of the load balancer; services let it in."
  value       = aws_security_group.this.id
}

output "logs_bucket" {
  description = "Bucket that the access logs are in, below AWSLogs."
  value       = aws_s3_bucket.logs.id
}
