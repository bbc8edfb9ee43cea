data "aws_ssm_parameter" "amazon_linux" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

locals {
  # What bootstrap.sh reads: one script for both, without anything of Terraform's in it, so that it can be checked as it is.
  bootstrap = {
    for role in ["control", "worker"] : role => join("\n", concat(
      ["#!/usr/bin/env bash", "# Made by Terraform (infra/terraform/aws)."],
      [for name, value in {
        ROLE                = role
        IMAGE               = role == "control" ? var.images.cpu : var.images.cuda
        REGION              = data.aws_region.this.name
        REGISTRY_LOGIN      = length(var.ecr_repository_arns) > 0 ? "yes" : "no"
        REDIS_ADDRESS       = local.redis_address
        REDIS_SECRET        = aws_secretsmanager_secret.redis.arn
        REDIS_IMAGE         = role == "control" && var.redis == "self" ? var.redis_image : ""
        SERVICE_SECRET      = aws_secretsmanager_secret.service.arn
        TLS_SECRET          = var.tls_secret_arn
        TOKENS_SECRET       = role == "control" ? aws_secretsmanager_secret.tokens.arn : ""
        DATA_VOLUME         = role == "control" ? aws_ebs_volume.control.id : ""
        BUCKET              = role == "control" ? aws_s3_bucket.checkpoints.id : ""
        HTTP_PORT           = local.ports.http
        SILO_PORT           = local.ports.silo
        GATEWAY_PORT        = local.ports.gateway
        DATA_PORT           = local.ports.data
        REDIS_PORT          = local.ports.redis
        REDIS_CONFIGURATION = filebase64("${path.module}/../../redis/redis.conf")
        PRICE_PER_HOUR      = var.price_per_hour
        OTLP_ENDPOINT       = var.otlp_endpoint
        MORE_SETTINGS       = join(" ", [for setting, content in var.settings : "${setting}=${content}"])
      } : "${name}='${value}'"],
      [file("${path.module}/bootstrap.sh")]
    ))
  }
}

# Redis and checkpoints of the control node: they outlive it.
resource "aws_ebs_volume" "control" {
  availability_zone = data.aws_subnet.control.availability_zone
  size              = var.control_disk_gib
  type              = "gp3"
  encrypted         = true
  tags              = merge(local.tags, { Name = "${var.name}-control" })
}

resource "aws_volume_attachment" "control" {
  device_name = "/dev/sdp"
  volume_id   = aws_ebs_volume.control.id
  instance_id = aws_instance.control.id
  # Else a replacement of the instance would wait for the old one's file system.
  stop_instance_before_detaching = true
}

resource "aws_instance" "control" {
  ami                  = coalesce(var.control_ami_id, nonsensitive(data.aws_ssm_parameter.amazon_linux.value))
  instance_type        = var.control_instance_type
  iam_instance_profile = aws_iam_instance_profile.node["control"].name
  user_data            = local.bootstrap.control
  # The script is the node: a change makes a new one, which finds the disk and the address of the old.
  user_data_replace_on_change = true
  # How long the system waits for services when it is shut down is theirs to say.
  instance_initiated_shutdown_behavior = "stop"
  disable_api_termination              = false

  network_interface {
    device_index         = 0
    network_interface_id = aws_network_interface.control.id
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # The containers use the host's network.
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 50
    encrypted   = true
  }

  tags = merge(local.tags, { Name = "${var.name}-control" })

  lifecycle {
    # A newer Amazon Linux is no reason to replace the node.
    ignore_changes = [ami]
  }
}

resource "aws_launch_template" "worker" {
  name_prefix   = "${var.name}-worker-"
  image_id      = var.worker_ami_id
  instance_type = var.worker_instance_types[0]
  user_data     = base64encode(local.bootstrap.worker)
  # A stop that the machine itself begins ends it: workers keep nothing.
  instance_initiated_shutdown_behavior = "terminate"
  update_default_version               = true
  tags                                 = local.tags

  iam_instance_profile {
    name = aws_iam_instance_profile.node["worker"].name
  }

  network_interfaces {
    associate_public_ip_address = false
    delete_on_termination       = true
    security_groups             = [aws_security_group.silo.id]
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # The silo asks here for its notice; its container uses the host's network.
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/sda1"
    ebs {
      volume_type           = "gp3"
      volume_size           = 100
      encrypted             = true
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])
    content {
      resource_type = tag_specifications.key
      tags          = merge(local.tags, { Name = "${var.name}-worker" })
    }
  }
}

resource "aws_autoscaling_group" "worker" {
  name_prefix         = "${var.name}-worker-"
  min_size            = var.workers.min
  desired_capacity    = var.workers.desired
  max_size            = var.workers.max
  vpc_zone_identifier = var.worker_subnet_ids
  health_check_type   = "EC2"
  capacity_rebalance  = var.capacity_rebalance
  # The newest ones have trained least.
  termination_policies = ["NewestInstance"]

  mixed_instances_policy {
    instances_distribution {
      on_demand_base_capacity                  = var.on_demand_base
      on_demand_percentage_above_base_capacity = 0
      spot_allocation_strategy                 = "price-capacity-optimized"
    }
    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.worker.id
        version            = aws_launch_template.worker.latest_version
      }
      dynamic "override" {
        for_each = var.worker_instance_types
        content { instance_type = override.value }
      }
    }
  }

  dynamic "tag" {
    for_each = local.tags
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = false
    }
  }

  lifecycle {
    # Whoever scales the group by hand or by a policy is not put back.
    ignore_changes = [desired_capacity]
  }

  depends_on = [aws_volume_attachment.control]
}
