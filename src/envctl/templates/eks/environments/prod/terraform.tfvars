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

# Who may use the cluster, besides the deployer: roles of this account, and their groups in kubernetes/base/people.yaml.
cluster_access = {
  developer = { role_arn = "arn:aws:iam::333333333333:role/DeveloperRole", groups = ["shop:developers"] }
  qa        = { role_arn = "arn:aws:iam::333333333333:role/QARole", groups = ["shop:qa"] }
  operator  = { role_arn = "arn:aws:iam::333333333333:role/OperatorRole", groups = ["shop:operators"] }
}

# The role of the application: it reads one secret.
service_accounts = {
  web = { namespace = "shop", service_account = "web", secrets = ["shop/prod/database"] }
}

# web
host                    = "shop.example.com"
ingress_certificate_arn = "arn:aws:acm:ap-northeast-1:333333333333:certificate/00000000-0000-4000-8000-000000000000"
inbound_cidrs           = "0.0.0.0/0"
database_secret         = "shop/prod/database"
log_level               = "info"
replicas_min            = 3
replicas_max            = 12
