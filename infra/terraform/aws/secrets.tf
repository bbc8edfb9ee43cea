# Made here, so they are in Terraform's state: keep the state where only operators can read it (an encrypted bucket).
resource "random_password" "redis" {
  length  = 48
  special = false
}

# What the jobs' secrets are derived from: all silos have it, nobody else.
resource "random_password" "service" {
  length  = 48
  special = false
}

resource "random_password" "token" {
  for_each = toset(["admin", "submitter", "viewer"])
  length   = 48
  special  = false
}

resource "aws_secretsmanager_secret" "redis" {
  name_prefix = "${var.name}-redis-"
  description = "Password of the Redis of ${var.name}"
  tags        = local.tags
}

resource "aws_secretsmanager_secret_version" "redis" {
  secret_id     = aws_secretsmanager_secret.redis.id
  secret_string = random_password.redis.result
}

resource "aws_secretsmanager_secret" "service" {
  name_prefix = "${var.name}-service-"
  description = "Secret of the silos of ${var.name}"
  tags        = local.tags
}

resource "aws_secretsmanager_secret_version" "service" {
  secret_id     = aws_secretsmanager_secret.service.id
  secret_string = random_password.service.result
}

resource "aws_secretsmanager_secret" "tokens" {
  name_prefix = "${var.name}-api-tokens-"
  description = "Token file of the API of ${var.name}: role, name, secret"
  tags        = local.tags
}

resource "aws_secretsmanager_secret_version" "tokens" {
  secret_id     = aws_secretsmanager_secret.tokens.id
  secret_string = join("", [for role, password in random_password.token : "${role} terraform-${role} ${password.result}\n"])
}
