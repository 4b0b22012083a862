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
