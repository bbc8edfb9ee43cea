resource "aws_security_group" "elasticache" {
  count       = var.redis == "elasticache" ? 1 : 0
  name_prefix = "${var.name}-redis-"
  description = "Redis of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = merge(local.tags, { Name = "${var.name}-redis" })
  lifecycle { create_before_destroy = true }
}

resource "aws_vpc_security_group_ingress_rule" "elasticache" {
  count                        = var.redis == "elasticache" ? 1 : 0
  security_group_id            = aws_security_group.elasticache[0].id
  description                  = "Redis, from silos"
  referenced_security_group_id = aws_security_group.silo.id
  ip_protocol                  = "tcp"
  from_port                    = local.ports.redis
  to_port                      = local.ports.redis
}

resource "aws_elasticache_subnet_group" "this" {
  count      = var.redis == "elasticache" ? 1 : 0
  name       = "${var.name}-redis"
  subnet_ids = var.elasticache.subnet_ids
  tags       = local.tags
  lifecycle {
    precondition {
      condition     = length(var.elasticache.subnet_ids) >= 2
      error_message = "elasticache.subnet_ids must be two subnets at least, in two zones."
    }
  }
}

resource "aws_elasticache_parameter_group" "this" {
  count       = var.redis == "elasticache" ? 1 : 0
  name        = "${var.name}-redis"
  family      = "valkey8"
  description = "Nothing is forgotten to make room"
  tags        = local.tags
  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

resource "aws_elasticache_replication_group" "this" {
  count                      = var.redis == "elasticache" ? 1 : 0
  replication_group_id       = var.name
  description                = "Membership, state of grains and reminders of ${var.name}"
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = var.elasticache.node_type
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
  port                       = local.ports.redis
  parameter_group_name       = aws_elasticache_parameter_group.this[0].name
  subnet_group_name          = aws_elasticache_subnet_group.this[0].name
  security_group_ids         = [aws_security_group.elasticache[0].id]
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  auth_token                 = random_password.redis.result
  snapshot_retention_limit   = 7
  tags                       = local.tags
}

locals {
  redis_address = var.redis == "self" ? "${aws_network_interface.control.private_ip}:${local.ports.redis}" : "${try(aws_elasticache_replication_group.this[0].primary_endpoint_address, "")}:${local.ports.redis},ssl=true"
}
