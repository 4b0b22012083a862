data "aws_region" "current" {}

locals {
  account_only = {
    Sid       = "OwnAccount"
    Effect    = "Allow"
    Principal = "*"
    Action    = "*"
    Resource  = "*"
    Condition = { StringEquals = { "aws:PrincipalAccount" = data.aws_caller_identity.current.account_id } }
  }

  # Layers of images, packages and other downloads are signed by others, or by nobody.
  downloads = {
    Sid       = "Downloads"
    Effect    = "Allow"
    Principal = "*"
    Action    = ["s3:GetObject", "s3:GetObjectVersion"]
    Resource  = "*"
  }

  gateway_statements = {
    dynamodb = [local.account_only]
    s3       = [local.account_only, local.downloads]
  }
}

# They cost nothing, and keep traffic to S3 and DynamoDB from the NAT gateways, which charge by the gigabyte. With the keys of
# another account nothing can be carried out through them.
resource "aws_vpc_endpoint" "gateway" {
  for_each = local.gateway_statements

  vpc_id            = aws_vpc.this.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${data.aws_region.current.id}.${each.key}"
  route_table_ids   = concat(aws_route_table.private[*].id, [aws_route_table.data.id])
  policy            = jsonencode({ Version = "2012-10-17", Statement = each.value })

  tags = { Name = "${local.name}-${each.key}" }
}

# Asked first, so that a name that the region lacks fails the plan, not half of an apply.
data "aws_vpc_endpoint_service" "interface" {
  for_each = toset(var.interface_endpoints)

  service      = each.key
  service_type = "Interface"
}

resource "aws_security_group" "endpoints" {
  count = length(var.interface_endpoints) > 0 ? 1 : 0

  name_prefix = "${local.name}-endpoints-"
  description = "Lets the VPC reach its interface endpoints."
  vpc_id      = aws_vpc.this.id

  ingress {
    description = "HTTPS from the VPC"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = [var.vpc_cidr]
  }

  tags = { Name = "${local.name}-endpoints" }

  lifecycle {
    create_before_destroy = true
  }
}

# With the policy of AWS, which lets everything through: not every service takes another one, and the rights of the callers hold anyway.
resource "aws_vpc_endpoint" "interface" {
  for_each = data.aws_vpc_endpoint_service.interface

  vpc_id              = aws_vpc.this.id
  vpc_endpoint_type   = "Interface"
  service_name        = each.value.service_name
  subnet_ids          = aws_subnet.private[*].id
  security_group_ids  = [aws_security_group.endpoints[0].id]
  private_dns_enabled = true

  tags = { Name = "${local.name}-${each.key}" }
}
