# dev: small and on spot. It may be destroyed.

# The artifact: set only here. Staging and prod get it by promotion, with the release that was verified here.
image = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web@sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"

# network
vpc_cidr           = "10.10.0.0/16"
nat                = "single"
log_retention_days = 7

# cluster: one of several types is usually available. The network, and a VPN to it, can reach the API.
node_spot             = true
node_instance_types   = ["t3.large", "t3a.large", "m5.large"]
node_min_size         = 1
node_max_size         = 3
cluster_private_cidrs = ["10.10.0.0/16"]

# Who may use the cluster, besides the deployer: roles of this account, and their groups in kubernetes/base/people.yaml.
cluster_access = {
  developer = { role_arn = "arn:aws:iam::111111111111:role/DeveloperRole", groups = ["shop:developers"] }
  qa        = { role_arn = "arn:aws:iam::111111111111:role/QARole", groups = ["shop:qa"] }
  operator  = { role_arn = "arn:aws:iam::111111111111:role/OperatorRole", groups = ["shop:operators"] }
}

# The role of the application: it reads one secret.
service_accounts = {
  web = { namespace = "shop", service_account = "web", secrets = ["shop/dev/database"] }
}

# web
host                    = "shop-dev.example.com"
ingress_certificate_arn = "arn:aws:acm:ap-northeast-1:111111111111:certificate/00000000-0000-4000-8000-000000000000"
inbound_cidrs           = "0.0.0.0/0"
database_secret         = "shop/dev/database"
log_level               = "debug"
replicas_min            = 1
replicas_max            = 2
developers_may          = "write"

# Nodes off from 20:00 to 8:00 in Tokyo, and on weekends. In UTC.
sleep = {
  down = "0 11 ? * MON-FRI *"
  up   = "0 23 ? * SUN-THU *"
}
