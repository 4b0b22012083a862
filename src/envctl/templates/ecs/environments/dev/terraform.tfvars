# dev: fast and cheap. On spot, off at night and on weekends. It may be destroyed.

# The artifact: set only here. Staging and prod get it by promotion, with the release that was verified here.
image = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web@sha256:4f8b3a0e6d5c1b7f92e84d3ca6517b0e9f2d8c6a41b35e7f0d9c8b2a6e1f4d73"

# network
vpc_cidr           = "10.10.0.0/16"
nat                = "single"
log_retention_days = 7

# edge
deletion_protection = false

# service
fargate_weight      = 0
fargate_spot_weight = 1
task_cpu            = 256
task_memory         = 512
task_min            = 1
task_max            = 2
app_environment = {
  LOG_LEVEL = "debug"
}

# Off from 20:00 to 8:00 in Tokyo, and on weekends. In UTC.
sleep = {
  down = "0 11 ? * MON-FRI *"
  up   = "0 23 ? * SUN-THU *"
}
monthly_budget_usd = 100
