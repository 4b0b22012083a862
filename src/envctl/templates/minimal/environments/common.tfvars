# Shared by all environments. A value in environments/<env>/terraform.tfvars wins over the same name here.

# network: private subnets reach AWS, and nothing else, until somebody asks for more. A NAT gateway is paid by the hour.
az_count = 3
nat      = "none"
