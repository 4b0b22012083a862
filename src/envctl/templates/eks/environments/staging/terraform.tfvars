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
