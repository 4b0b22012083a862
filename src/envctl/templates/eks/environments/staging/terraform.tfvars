# staging: a small prod. The same shape (zones, NAT gateways, a node in each zone), smaller nodes, and spot.

# network
vpc_cidr = "10.20.0.0/16"
nat      = "per_az"

# cluster
node_spot             = true
node_instance_types   = ["t3.large", "t3a.large", "m5.large"]
node_min_size         = 3
node_max_size         = 6
cluster_private_cidrs = ["10.20.0.0/16"]

# Who may use the cluster, besides the deployer: roles of this account, and their groups in kubernetes/base/people.yaml.
cluster_access = {
  developer = { role_arn = "arn:aws:iam::222222222222:role/DeveloperRole", groups = ["shop:developers"] }
  qa        = { role_arn = "arn:aws:iam::222222222222:role/QARole", groups = ["shop:qa"] }
  operator  = { role_arn = "arn:aws:iam::222222222222:role/OperatorRole", groups = ["shop:operators"] }
}

# The role of the application: it reads one secret.
service_accounts = {
  web = { namespace = "shop", service_account = "web", secrets = ["shop/staging/database"] }
}

# web
host                    = "shop-staging.example.com"
ingress_certificate_arn = "arn:aws:acm:ap-northeast-1:222222222222:certificate/00000000-0000-4000-8000-000000000000"
inbound_cidrs           = "0.0.0.0/0"
database_secret         = "shop/staging/database"
log_level               = "info"
replicas_min            = 2
replicas_max            = 4
