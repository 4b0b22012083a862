# prod: for customers. It survives the loss of a zone, and changes only by promotion from staging.

# network
vpc_cidr           = "10.30.0.0/16"
nat                = "per_az"
log_retention_days = 365

# service
fargate_weight      = 1
fargate_spot_weight = 0
task_cpu            = 1024
task_memory         = 2048
task_min            = 3
task_max            = 12

monthly_budget_usd = 2000
