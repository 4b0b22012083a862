# Shared by all environments. A value in environments/<env>/terraform.tfvars takes precedence.

# network: private subnets reach only AWS. A NAT gateway would cost money by the hour.
az_count = 3
nat      = "none"
