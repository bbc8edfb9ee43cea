# What each kind of node may do, and nothing else. Workers are the machines that run users' models: they read the password of Redis, the secret and the certificate of silos, and their image.
data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "image" {
  dynamic "statement" {
    for_each = length(var.ecr_repository_arns) > 0 ? [1] : []
    content {
      sid       = "PullImage"
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = var.ecr_repository_arns
    }
  }
  dynamic "statement" {
    for_each = length(var.ecr_repository_arns) > 0 ? [1] : []
    content {
      sid = "RegistryLogin"
      # It knows no narrower resource.
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"]
    }
  }
}

locals {
  silo_secrets = compact([aws_secretsmanager_secret.redis.arn, aws_secretsmanager_secret.service.arn, var.tls_secret_arn])
}

data "aws_iam_policy_document" "worker" {
  source_policy_documents = [data.aws_iam_policy_document.image.json]
  statement {
    sid       = "ReadSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = local.silo_secrets
  }
}

data "aws_iam_policy_document" "control" {
  source_policy_documents = [data.aws_iam_policy_document.image.json]
  statement {
    sid       = "ReadSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = concat(local.silo_secrets, [aws_secretsmanager_secret.tokens.arn])
  }
  statement {
    sid       = "ListCheckpoints"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.checkpoints.arn]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["checkpoints/*"]
    }
  }
  statement {
    sid       = "KeepCheckpoints"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = ["${aws_s3_bucket.checkpoints.arn}/checkpoints/*"]
  }
}

resource "aws_iam_role" "node" {
  for_each           = { control = data.aws_iam_policy_document.control.json, worker = data.aws_iam_policy_document.worker.json }
  name_prefix        = "${var.name}-${each.key}-"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "node" {
  for_each = { control = data.aws_iam_policy_document.control.json, worker = data.aws_iam_policy_document.worker.json }
  name     = each.key
  role     = aws_iam_role.node[each.key].id
  policy   = each.value
}

resource "aws_iam_role_policy_attachment" "sessions" {
  for_each   = var.session_manager ? toset(["control", "worker"]) : toset([])
  role       = aws_iam_role.node[each.key].name
  policy_arn = "${local.root}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "node" {
  for_each    = toset(["control", "worker"])
  name_prefix = "${var.name}-${each.key}-"
  role        = aws_iam_role.node[each.key].name
  tags        = local.tags
}
