# dev: fast and cheap. Everything on spot, off at night and on weekends. It may be destroyed.

# The artifact: set only here. Staging and prod get it by promotion, with the release that was verified here.
image = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web@sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"

# network
vpc_cidr           = "10.10.0.0/16"
nat                = "single"
log_retention_days = 7

# Off from 20:00 to 8:00 in Tokyo, and on weekends. In UTC.
sleep = {
  down = "0 11 ? * MON-FRI *"
  up   = "0 23 ? * SUN-THU *"
}
monthly_budget_usd = 200

# data
database_instance_class = "db.t4g.micro"
multi_az                = false
database_backup_days    = 1
database_final_snapshot = false
deletion_protection     = false

# service
fargate_weight      = 0
fargate_spot_weight = 1
task_cpu            = 256
task_memory         = 512
task_min            = 1
task_max            = 2

# web
instance_type = "t3.micro"
spot_percent  = 100
min_size      = 0
desired_size  = 1
max_size      = 2
ingress_cidrs = ["10.10.0.0/16"]
app_environment = {
  LOG_LEVEL = "debug"
}

# recovery: by day, because the database is stopped at night
backup_hour_utc  = 5
backup_keep_days = 7
copy_keep_days   = 7
replicate        = false

# Kubernetes, if you want it: the block in envctl.toml.
# node_spot             = true
# node_instance_types   = ["t3.large", "t3a.large", "m5.large"]
# node_min_size         = 1
# node_max_size         = 3
# cluster_private_cidrs = ["10.10.0.0/16"]
# cluster_access = {
#   developer = { role_arn = "arn:aws:iam::111111111111:role/DeveloperRole", groups = ["shop:developers"] }
#   qa        = { role_arn = "arn:aws:iam::111111111111:role/QARole", groups = ["shop:qa"] }
#   operator  = { role_arn = "arn:aws:iam::111111111111:role/OperatorRole", groups = ["shop:operators"] }
#   look      = { role_arn = "arn:aws:iam::111111111111:role/envctl-look", groups = ["envctl:look"] }
# }
# service_accounts = {
#   web = { namespace = "shop", service_account = "web", secrets = ["shop/dev/database-*"] }
# }
# host                    = "shop-dev.example.com"
# log_level               = "debug"
# replicas_min            = 1
# replicas_max            = 2
# developers_may          = "write"
# inbound_cidrs           = "0.0.0.0/0"
# ingress_certificate_arn = "arn:aws:acm:ap-northeast-1:111111111111:certificate/00000000-0000-4000-8000-000000000000"
# End of the block.
