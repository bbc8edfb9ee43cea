# One group for what all silos have in common, and one each for what only the control node offers. Nothing is reached from outside but what client_cidrs and metrics_cidrs name.
resource "aws_security_group" "silo" {
  name_prefix = "${var.name}-silo-"
  description = "Silos of ${var.name}: to each other"
  vpc_id      = var.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-silo" })
  lifecycle { create_before_destroy = true }
}

resource "aws_security_group" "control" {
  name_prefix = "${var.name}-control-"
  description = "Control node of ${var.name}: API, dashboard, gateway, Redis"
  vpc_id      = var.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-control" })
  lifecycle { create_before_destroy = true }
}

# Grains, and state and gradients, from silo to silo.
resource "aws_vpc_security_group_ingress_rule" "silos" {
  for_each                     = { silo = local.ports.silo, data = local.ports.data }
  security_group_id            = aws_security_group.silo.id
  description                  = "${each.key} port, from silo to silo"
  referenced_security_group_id = aws_security_group.silo.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_vpc_security_group_ingress_rule" "redis" {
  count                        = var.redis == "self" ? 1 : 0
  security_group_id            = aws_security_group.control.id
  description                  = "Redis, from silos"
  referenced_security_group_id = aws_security_group.silo.id
  ip_protocol                  = "tcp"
  from_port                    = local.ports.redis
  to_port                      = local.ports.redis
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each          = { for pair in setproduct(var.client_cidrs, ["http", "gateway"]) : "${pair[0]} ${pair[1]}" => { cidr = pair[0], port = local.ports[pair[1]] } }
  security_group_id = aws_security_group.control.id
  description       = "Clients: ${each.key}"
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "metrics" {
  for_each          = toset(var.metrics_cidrs)
  security_group_id = aws_security_group.silo.id
  description       = "Metrics: ${each.key}"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = local.ports.http
  to_port           = local.ports.http
}

# Out: whatever is in the VPC (other silos, Redis, a collector, endpoints), and HTTPS for images, secrets and the bucket. The metadata service is not subject to security groups.
resource "aws_vpc_security_group_egress_rule" "vpc" {
  security_group_id = aws_security_group.silo.id
  description       = "Within the VPC"
  cidr_ipv4         = data.aws_vpc.this.cidr_block
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.silo.id
  description       = "HTTPS: images, Secrets Manager, S3"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# The control node's address, which outlives the instance: workers name it.
resource "aws_network_interface" "control" {
  subnet_id       = var.control_subnet_id
  description     = "Control node of ${var.name}"
  security_groups = [aws_security_group.silo.id, aws_security_group.control.id]
  tags            = merge(local.tags, { Name = "${var.name}-control" })
}
