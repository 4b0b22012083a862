# staging: a small prod. The same shape (zones, NAT gateways, more than one task), smaller sizes, and mostly spot.

# network
vpc_cidr = "10.20.0.0/16"
nat      = "per_az"

# service
fargate_weight      = 1
fargate_spot_weight = 3
task_cpu            = 256
task_memory         = 512
task_min            = 2
task_max            = 4

monthly_budget_usd = 400
