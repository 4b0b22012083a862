# dev: fast and cheap. It may be destroyed.

# The artifact: set only here. Staging and prod get it by promotion, with the release that was verified here.
image = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web@sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"

# network
vpc_cidr           = "10.10.0.0/16"
nat                = "single"
log_retention_days = 7

# web
instance_type = "t3.micro"
min_size      = 1
desired_size  = 1
max_size      = 2
ingress_cidrs = ["10.10.0.0/16"]
app_environment = {
  LOG_LEVEL = "debug"
}
