resource "aws_db_subnet_group" "this" {
  name_prefix = "${local.identifier}-"
  description = "Data subnets of ${local.identifier}."
  subnet_ids  = var.subnet_ids

  tags = { Name = local.identifier }
}

data "aws_subnet" "data" {
  count = length(var.subnet_ids)

  id = var.subnet_ids[count.index]
}

resource "aws_security_group" "client" {
  #checkov:skip=CKV2_AWS_5:clients in other stacks carry it

  name_prefix = "${local.identifier}-client-"
  description = "Whoever carries this may connect to ${local.identifier}."
  vpc_id      = var.vpc_id

  # The addresses of the subnets and not the database's group: two groups that name each other inside would have no first
  # one to make, and a rule as a resource of its own shows as drift of its group.
  egress {
    description = "PostgreSQL to the data subnets"
    protocol    = "tcp"
    from_port   = local.port
    to_port     = local.port
    cidr_blocks = sort(data.aws_subnet.data[*].cidr_block)
  }

  tags = { Name = "${local.identifier}-client" }

  lifecycle {
    create_before_destroy = true
  }
}

# There is no way out of it, as Terraform takes away the one that AWS gives to every new group.
resource "aws_security_group" "this" {
  name_prefix = "${local.identifier}-"
  description = "Lets the clients of ${local.identifier} in, and nobody else."
  vpc_id      = var.vpc_id

  ingress {
    description     = "PostgreSQL from the client group"
    protocol        = "tcp"
    from_port       = local.port
    to_port         = local.port
    security_groups = [aws_security_group.client.id]
  }

  tags = { Name = local.identifier }

  lifecycle {
    create_before_destroy = true
  }
}
