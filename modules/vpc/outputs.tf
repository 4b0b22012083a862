output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "vpc_cidr" {
  description = "IPv4 range of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "public_subnet_ids" {
  description = "Ids of the public subnets, one for each zone, for load balancers and NAT gateways."
  value       = aws_subnet.public[*].id

  # Whoever builds in a subnet may count on its way out.
  depends_on = [aws_route.internet, aws_route_table_association.public]
}

output "private_subnet_ids" {
  description = "Ids of the private subnets, one for each zone, for workloads."
  value       = aws_subnet.private[*].id

  depends_on = [aws_route.nat, aws_route_table_association.private, aws_vpc_endpoint.gateway, aws_vpc_endpoint.interface]
}

output "private_subnet_cidrs" {
  description = "IPv4 ranges of the private subnets, in the same order: use them in rules of the targets that workloads connect to."
  value       = aws_subnet.private[*].cidr_block
}

output "data_subnet_ids" {
  description = "Ids of the data subnets, one for each zone, for databases and caches, without a way to the internet."
  value       = aws_subnet.data[*].id

  depends_on = [aws_route_table_association.data]
}

output "availability_zones" {
  description = "Zones of the subnets, in the same order."
  value       = aws_subnet.private[*].availability_zone
}

output "nat_public_ips" {
  description = "Addresses that private subnets show to the internet; empty when nat is none."
  value       = aws_eip.nat[*].public_ip
}

output "flow_log_group_name" {
  description = "Log group of the flow logs; null when flow_logs is off."
  value       = one(aws_cloudwatch_log_group.flow[*].name)
}
