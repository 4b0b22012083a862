# Shared by all environments of the pipeline. A value in environments/<env>/terraform.tfvars wins over the same name here.

# network
az_count           = 3
flow_logs          = true
log_retention_days = 30

# data
database_engine_version = "17"

# edge: until you have a certificate. With one: certificate_arn, for each environment, in place of this line.
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
