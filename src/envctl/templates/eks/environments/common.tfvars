# Shared by all environments. A value in environments/<env>/terraform.tfvars takes precedence.

# network
az_count           = 3
flow_logs          = true
log_retention_days = 30

# cluster: increase it here for all, or first in dev, one version at a time. It can't go back.
kubernetes_version = "1.35"
