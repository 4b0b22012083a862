# Shared by all environments. A value in environments/<env>/terraform.tfvars takes precedence.

# network
az_count           = 3
flow_logs          = true
log_retention_days = 30

# edge: until you have a certificate. Then set certificate_arn in each environment instead of this line.
http_only         = true
alb_ingress_cidrs = ["0.0.0.0/0"]

# service
app_port          = 8080
health_check_path = "/health"
app_environment = {
  LOG_LEVEL = "info"
}

# observability and cost: recipients of messages. AWS sends each of them a mail for confirmation.
# alarm_emails = ["ops@example.com"]
