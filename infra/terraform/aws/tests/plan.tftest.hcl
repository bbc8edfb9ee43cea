# terraform test: without an account, as both providers are stood in for.
mock_provider "aws" {
  mock_data "aws_vpc" {
    defaults = { cidr_block = "10.0.0.0/16" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
  mock_resource "aws_network_interface" {
    defaults = { private_ip = "10.0.0.7" }
  }
}

mock_provider "random" {}

variables {
  vpc_id            = "vpc-0123456789abcdef0"
  control_subnet_id = "subnet-0123456789abcdef0"
  worker_subnet_ids = ["subnet-0123456789abcdef0"]
  worker_ami_id     = "ami-0123456789abcdef0"
  images = {
    cpu  = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/parcae:0.1.0-cpu"
    cuda = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/parcae:0.1.0-cuda"
  }
}

run "redis_of_its_own" {
  variables {
    ecr_repository_arns = ["arn:aws:ecr:eu-central-1:123456789012:repository/parcae"]
    client_cidrs        = ["10.1.0.0/16", "10.2.0.0/16"]
    metrics_cidrs       = ["10.3.0.0/24"]
    settings            = { PARCAE_INTERVAL = "60" }
  }

  assert {
    condition     = length(aws_elasticache_replication_group.this) == 0 && output.redis == "10.0.0.7:6379"
    error_message = "Redis must be on the control node."
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.clients) == 4 && length(aws_vpc_security_group_ingress_rule.metrics) == 1
    error_message = "Every network of clients must reach two ports."
  }
  assert {
    condition     = startswith(local.bootstrap.control, "#!/usr/bin/env bash\n") && strcontains(local.bootstrap.control, "\nREDIS_IMAGE='redis:8.0'\n") && strcontains(local.bootstrap.control, "\nREGISTRY_LOGIN='yes'\n")
    error_message = "The control node must run Redis and log in to the registry."
  }
  assert {
    condition     = strcontains(local.bootstrap.worker, "\nROLE='worker'\n") && strcontains(local.bootstrap.worker, "\nREDIS_IMAGE=''\n") && strcontains(local.bootstrap.worker, "\nTOKENS_SECRET=''\n") && strcontains(local.bootstrap.worker, "\nMORE_SETTINGS='PARCAE_INTERVAL=60'\n")
    error_message = "A worker must run no Redis and know no tokens."
  }
  assert {
    condition     = alltrue([for script in values(local.bootstrap) : strcontains(script, "\nSERVICE_SECRET='") && !strcontains(script, "\nSERVICE_SECRET=''\n")])
    error_message = "Every silo must know the service's secret."
  }
  assert {
    condition     = alltrue([for script in values(local.bootstrap) : strcontains(script, "\nTLS_SECRET=''\n")]) && length(local.silo_secrets) == 2
    error_message = "Without a certificate there is no TLS."
  }
  assert {
    condition     = alltrue([for script in values(local.bootstrap) : length(base64encode(script)) < 16384])
    error_message = "User data must have less than 16 KiB."
  }
}

run "members_with_certificates" {
  variables {
    tls_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:parcae-tls-AbCdEf"
  }

  assert {
    condition     = alltrue([for script in values(local.bootstrap) : strcontains(script, "\nTLS_SECRET='arn:aws:secretsmanager:eu-central-1:123456789012:secret:parcae-tls-AbCdEf'\n")])
    error_message = "Every silo must be told where its certificate is."
  }
  assert {
    condition     = contains(local.silo_secrets, var.tls_secret_arn)
    error_message = "Every silo must be allowed to read its certificate."
  }
  assert {
    condition     = alltrue([for script in values(local.bootstrap) : length(base64encode(script)) < 16384])
    error_message = "User data must have less than 16 KiB."
  }
}

run "redis_run_by_aws" {
  variables {
    redis       = "elasticache"
    elasticache = { node_type = "cache.t4g.small", subnet_ids = ["subnet-1", "subnet-2"] }
  }

  assert {
    condition     = endswith(output.redis, ":6379,ssl=true") && aws_elasticache_replication_group.this[0].transit_encryption_enabled
    error_message = "Redis must be asked by TLS."
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.redis) == 0 && strcontains(local.bootstrap.control, "\nREDIS_IMAGE=''\n")
    error_message = "The control node must run no Redis."
  }
}

run "a_standby_needs_two_subnets" {
  command = plan
  variables {
    redis = "elasticache"
  }
  expect_failures = [aws_elasticache_subnet_group.this]
}

run "values_that_would_not_work" {
  command = plan
  variables {
    name                  = "Parcae"
    vpc_id                = "my-vpc"
    control_subnet_id     = "my-subnet"
    worker_subnet_ids     = []
    worker_ami_id         = "ubuntu"
    images                = { cpu = "parcae", cuda = "parcae:cuda" }
    worker_instance_types = []
    workers               = { min = 2, desired = 1, max = 8 }
    on_demand_base        = -1
    price_per_hour        = -1
    redis                 = "memcached"
    control_disk_gib      = 1
    keep_checkpoints_days = 0
    client_cidrs          = ["0.0.0.0/0"]
    metrics_cidrs         = ["here"]
    otlp_endpoint         = "collector:4317"
    tls_secret_arn        = "parcae-tls"
    settings              = { PARCAE_QUOTAS = "a b" }
  }
  expect_failures = [
    var.name, var.vpc_id, var.control_subnet_id, var.worker_subnet_ids, var.worker_ami_id, var.images, var.worker_instance_types, var.workers, var.on_demand_base, var.price_per_hour, var.redis,
    var.control_disk_gib, var.keep_checkpoints_days, var.client_cidrs, var.metrics_cidrs, var.tls_secret_arn, var.otlp_endpoint, var.settings,
  ]
}
