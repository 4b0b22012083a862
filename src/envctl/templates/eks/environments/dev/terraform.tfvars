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
