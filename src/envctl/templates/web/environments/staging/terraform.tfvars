# staging: a small prod. The same shape (zones, NAT gateways, more than one instance), smaller sizes.

# network
vpc_cidr = "10.20.0.0/16"
nat      = "per_az"

# web
instance_type = "t3.small"
min_size      = 2
desired_size  = 2
max_size      = 4
ingress_cidrs = ["10.20.0.0/16"]
