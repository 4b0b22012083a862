# prod: for customers. It survives the loss of a zone and of its region, and changes only by promotion from staging.

# network
vpc_cidr           = "10.30.0.0/16"
nat                = "per_az"
log_retention_days = 365

monthly_budget_usd = 5000

# data
database_instance_class = "db.m7g.large"
database_storage_gb     = 100
database_max_storage_gb = 1000
multi_az                = true
database_backup_days    = 35
deletion_protection     = true

# service
fargate_weight      = 1
fargate_spot_weight = 0
task_cpu            = 1024
task_memory         = 2048
task_min            = 3
task_max            = 12

# web
instance_type       = "m6i.large"
min_size            = 3
desired_size        = 3
max_size            = 9
root_volume_gb      = 32
detailed_monitoring = true
ingress_cidrs       = ["10.30.0.0/16"]

# recovery: copies can't be deleted early
backup_keep_days         = 35
backup_monthly_keep_days = 365
copy_keep_days           = 90
vault_lock               = true
vault_lock_days          = 30
replicate                = true
replica_vpc_cidr         = "10.39.0.0/24"
