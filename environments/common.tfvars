# Shared by all environments of the pipeline. A value in environments/<env>/terraform.tfvars takes precedence.

# network
az_count           = 3
flow_logs          = true
log_retention_days = 30

# data
database_engine_version = "17"

# edge: until you have a certificate. Then set certificate_arn in each environment instead of this line.
http_only         = true
alb_ingress_cidrs = ["0.0.0.0/0"]

# service and web
app_port             = 8080
health_check_path    = "/ready"
health_check_command = ["CMD", "node", "dist/healthcheck.js"]
app_environment = {
  LOG_LEVEL = "info"
}
root_volume_gb = 16
