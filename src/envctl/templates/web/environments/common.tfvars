# Shared by all environments. A value in environments/<env>/terraform.tfvars takes precedence.

# network
az_count           = 3
flow_logs          = true
log_retention_days = 30

# web
app_port = 8080
app_environment = {
  LOG_LEVEL = "info"
}
root_volume_gb = 16
