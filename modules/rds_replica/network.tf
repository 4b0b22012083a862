# A VPC of its own, with no way in or out: nothing here depends on what else is in the region.
# So there is no traffic to record but that of the database.
#trivy:ignore:AWS-0178
resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:no way in or out, and so no traffic to record

  count = local.on

  cidr_block = var.replica_vpc_cidr

  tags = { Name = local.identifier }
}

# Every VPC is born with a security group that lets its members talk to each other. Declared without rules, it is closed.
resource "aws_default_security_group" "closed" {
  count = local.on

  vpc_id = aws_vpc.this[0].id

  tags = { Name = "${local.identifier}-default-closed" }
}

data "aws_availability_zones" "available" {
  count = local.on

  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

# Two zones, as many as a subnet group and a standby need. The other half of the range is free.
resource "aws_subnet" "data" {
  count = 2 * local.on

  vpc_id            = aws_vpc.this[0].id
  availability_zone = data.aws_availability_zones.available[0].names[count.index]
  cidr_block        = cidrsubnet(var.replica_vpc_cidr, 2, count.index)

  tags = { Name = "${local.identifier}-data-${count.index + 1}" }

  # AWS may list a new zone before the old ones; that must not replace a subnet in use.
  lifecycle {
    ignore_changes = [availability_zone]
  }
}

resource "aws_db_subnet_group" "this" {
  count = local.on

  name_prefix = "${local.identifier}-"
  description = "Data subnets of ${local.identifier}."
  subnet_ids  = aws_subnet.data[*].id

  tags = { Name = local.identifier }
}

resource "aws_security_group" "client" {
  #checkov:skip=CKV2_AWS_5:clients carry it once the replica is promoted

  count = local.on

  name_prefix = "${local.identifier}-client-"
  description = "Whoever carries this may connect to ${local.identifier}."
  vpc_id      = aws_vpc.this[0].id

  # The addresses of the subnets and not the database's group: two groups that name each other inside would have no first
  # one to make, and a rule as a resource of its own shows as drift of its group.
  egress {
    description = "PostgreSQL to the data subnets"
    protocol    = "tcp"
    from_port   = local.port
    to_port     = local.port
    cidr_blocks = sort(aws_subnet.data[*].cidr_block)
  }

  tags = { Name = "${local.identifier}-client" }

  lifecycle {
    create_before_destroy = true
  }
}

# There is no way out of it, as Terraform takes away the one that AWS gives to every new group.
resource "aws_security_group" "this" {
  count = local.on

  name_prefix = "${local.identifier}-"
  description = "Lets the clients of ${local.identifier} in, and nobody else."
  vpc_id      = aws_vpc.this[0].id

  ingress {
    description     = "PostgreSQL from the client group"
    protocol        = "tcp"
    from_port       = local.port
    to_port         = local.port
    security_groups = [aws_security_group.client[0].id]
  }

  tags = { Name = local.identifier }

  lifecycle {
    create_before_destroy = true
  }
}
