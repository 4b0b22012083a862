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

# Kubernetes, if you want it: the block in envctl.toml.
# node_spot             = false
# node_instance_types   = ["m6i.xlarge"]
# node_min_size         = 3
# node_max_size         = 12
# cluster_private_cidrs = ["10.30.0.0/16"]
# cluster_access = {
#   developer = { role_arn = "arn:aws:iam::333333333333:role/DeveloperRole", groups = ["shop:developers"] }
#   qa        = { role_arn = "arn:aws:iam::333333333333:role/QARole", groups = ["shop:qa"] }
#   operator  = { role_arn = "arn:aws:iam::333333333333:role/OperatorRole", groups = ["shop:operators"] }
#   look      = { role_arn = "arn:aws:iam::333333333333:role/envctl-look", groups = ["envctl:look"] }
# }
# service_accounts = {
#   web = { namespace = "shop", service_account = "web", secrets = ["shop/prod/database-*"] }
# }
# host                    = "shop.example.com"
# log_level               = "info"
# replicas_min            = 3
# replicas_max            = 12
# developers_may          = "read"
# inbound_cidrs           = "0.0.0.0/0"
# ingress_certificate_arn = "arn:aws:acm:ap-northeast-1:333333333333:certificate/00000000-0000-4000-8000-000000000000"
# End of the block.
