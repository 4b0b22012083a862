# prod: for customers. It survives the loss of a zone, and changes only by promotion from staging.

# network
vpc_cidr           = "10.30.0.0/16"
nat                = "per_az"
log_retention_days = 365

# web
instance_type       = "m6i.large"
min_size            = 3
desired_size        = 3
max_size            = 9
root_volume_gb      = 32
detailed_monitoring = true
ingress_cidrs       = ["10.30.0.0/16"]
