output "dashboard" {
  description = "The dashboard and the API, for client_cidrs; with a token of tokens_secret_arn."
  value       = "http://${aws_network_interface.control.private_ip}:${local.ports.http}/"
}

output "redis" {
  description = "Connection string of Redis for the command and the SDK, without its password: --redis-password-file takes what is in redis_secret_arn."
  value       = local.redis_address
}

output "redis_secret_arn" {
  description = "Secret with the password of Redis."
  value       = aws_secretsmanager_secret.redis.arn
}

output "service_secret_arn" {
  description = "Secret of the silos, for a silo that is started by other means."
  value       = aws_secretsmanager_secret.service.arn
}

output "tokens_secret_arn" {
  description = "Secret with the tokens of the API, one a line: role, name, secret."
  value       = aws_secretsmanager_secret.tokens.arn
}

output "checkpoints_bucket" {
  description = "Bucket with copies of the checkpoints."
  value       = aws_s3_bucket.checkpoints.id
}

output "control_instance_id" {
  description = "The control node: aws ssm start-session --target ID"
  value       = aws_instance.control.id
}

output "worker_group" {
  description = "The workers' auto scaling group: aws autoscaling set-desired-capacity --auto-scaling-group-name NAME --desired-capacity N"
  value       = aws_autoscaling_group.worker.name
}

output "silo_security_group_id" {
  description = "Group of all silos, for a collector or a file system that they reach."
  value       = aws_security_group.silo.id
}
