# prod: for customers. It survives the loss of a zone, and changes only by promotion from staging.

# network
vpc_cidr           = "10.30.0.0/16"
nat                = "per_az"
log_retention_days = 365

# cluster
node_instance_types   = ["m6i.xlarge"]
node_min_size         = 3
node_max_size         = 12
node_volume_gb        = 100
cluster_private_cidrs = ["10.30.0.0/16"]
