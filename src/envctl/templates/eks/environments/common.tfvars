# Shared by all environments. A value in environments/<env>/terraform.tfvars takes precedence.

# network
az_count           = 3
flow_logs          = true
log_retention_days = 30

# cluster: increase it here for all, or first in dev, one version at a time. It can't go back.
kubernetes_version = "1.35"

# The newest system image of this version at each deployment; the plan shows it.
node_release_version = "latest"

# The role of the controller that makes the load balancer of the application.
load_balancer_controller = true

# What developers may do in the namespace of the application: read or write.
developers_may = "read"
