# staging: a small prod. The same shape (zones, NAT gateways, two zones for the database), smaller sizes, and spot.

# network
vpc_cidr = "10.20.0.0/16"
nat      = "per_az"

monthly_budget_usd = 800

# data
database_instance_class = "db.t4g.medium"
multi_az                = true
database_backup_days    = 7
deletion_protection     = true

# service
fargate_weight      = 1
fargate_spot_weight = 3
task_cpu            = 256
task_memory         = 512
task_min            = 2
task_max            = 4

# web
instance_type        = "t3.small"
other_instance_types = ["t3a.small"]
spot_percent         = 50
min_size             = 2
desired_size         = 2
max_size             = 4
ingress_cidrs        = ["10.20.0.0/16"]

# recovery
backup_keep_days = 14
copy_keep_days   = 14
replicate        = false

# Kubernetes, if you want it: the block in envctl.toml.
# node_spot             = true
# node_instance_types   = ["t3.large", "t3a.large", "m5.large"]
# node_min_size         = 3
# node_max_size         = 6
# cluster_private_cidrs = ["10.20.0.0/16"]
# cluster_access = {
#   developer = { role_arn = "arn:aws:iam::222222222222:role/DeveloperRole", groups = ["shop:developers"] }
#   qa        = { role_arn = "arn:aws:iam::222222222222:role/QARole", groups = ["shop:qa"] }
#   operator  = { role_arn = "arn:aws:iam::222222222222:role/OperatorRole", groups = ["shop:operators"] }
#   look      = { role_arn = "arn:aws:iam::222222222222:role/envctl-look", groups = ["envctl:look"] }
# }
# service_accounts = {
#   web = { namespace = "shop", service_account = "web", secrets = ["shop/staging/database-*"] }
# }
# host                    = "shop-staging.example.com"
# log_level               = "info"
# replicas_min            = 2
# replicas_max            = 4
# developers_may          = "read"
# inbound_cidrs           = "0.0.0.0/0"
# ingress_certificate_arn = "arn:aws:acm:ap-northeast-1:222222222222:certificate/00000000-0000-4000-8000-000000000000"
# End of the block.
