terraform {
  required_version = ">= 1.9"
  required_providers {
    aws    = { source = "hashicorp/aws", version = ">= 5.80, < 6.0" }
    random = { source = "hashicorp/random", version = ">= 3.6, < 4.0" }
  }
}

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}
data "aws_vpc" "this" { id = var.vpc_id }
data "aws_subnet" "control" { id = var.control_subnet_id }

locals {
  # Ports of the silos: fixed, for the security groups.
  ports = { http = 8080, silo = 11111, gateway = 30000, data = 12000, redis = 6379 }
  tags  = merge({ Application = var.name }, var.tags)
  root  = "arn:${data.aws_partition.this.partition}"
}
