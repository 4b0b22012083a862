# Shared by all environments. A value in environments/<env>/terraform.tfvars wins over the same name here.

# network
az_count           = 3
flow_logs          = true
log_retention_days = 30

# edge: until you have a certificate. With one: certificate_arn, for each environment, in place of this line.
http_only         = true
alb_ingress_cidrs = ["0.0.0.0/0"]

# service
app_port          = 8080
health_check_path = "/health"
app_environment = {
  LOG_LEVEL = "info"
}

# observability and cost: who is told. AWS sends each of them a mail to be confirmed.
# alarm_emails = ["ops@example.com"]
