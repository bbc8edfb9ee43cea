variable "name" {
  description = "Name of the service; begins the names of everything made here."
  type        = string
  default     = "parcae"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 22 lower-case letters, digits and dashes, with a letter first and no dash last."
  }
}

variable "tags" {
  description = "Tags of everything made here."
  type        = map(string)
  default     = {}
}

variable "vpc_id" {
  description = "The VPC of all instances."
  type        = string
  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be the id of a VPC, such as vpc-0123456789abcdef0."
  }
}

variable "control_subnet_id" {
  description = "Subnet of the control node; its disk lives in the same zone. It needs a way out to the registry of images, Secrets Manager and S3: a NAT gateway or VPC endpoints."
  type        = string
  validation {
    condition     = startswith(var.control_subnet_id, "subnet-")
    error_message = "control_subnet_id must be the id of a subnet, such as subnet-0123456789abcdef0."
  }
}

variable "worker_subnet_ids" {
  description = "Subnets of the workers. Several zones are more spot capacity, but traffic between zones costs and is slower: one zone for large models."
  type        = list(string)
  validation {
    condition     = length(var.worker_subnet_ids) > 0 && alltrue([for id in var.worker_subnet_ids : startswith(id, "subnet-")])
    error_message = "worker_subnet_ids must be one subnet's id or more, such as [\"subnet-0123456789abcdef0\"]."
  }
}

variable "images" {
  description = "Images of infra/Dockerfile in a registry that the instances reach: cpu for the control node, cuda for the workers. In ECR, set ecr_repository_arns too."
  type        = object({ cpu = string, cuda = string })
  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("^[^\\s/]+/[^\\s]+[:@][^\\s:]+(:[0-9a-f]+)?$", image))])
    error_message = "images must name a registry, a repository and a tag or digest each, such as 123456789012.dkr.ecr.eu-central-1.amazonaws.com/parcae:0.1.0-cuda."
  }
}

variable "redis_image" {
  description = "Image of Redis, where redis is self."
  type        = string
  default     = "redis:8.0"
}

variable "ecr_repository_arns" {
  description = "Repositories of ECR that the instances may pull from; empty: the images are elsewhere and public."
  type        = list(string)
  default     = []
}

variable "control_ami_id" {
  description = "Machine image of the control node; null: the newest Amazon Linux 2023. Needs dnf with docker and the AWS command line, or both installed."
  type        = string
  default     = null
}

variable "worker_ami_id" {
  description = "Machine image of the workers with the NVIDIA driver, docker, NVIDIA's container toolkit and the AWS command line: a Deep Learning Base AMI has all of them. Its id differs from region to region; pin one that you have tried."
  type        = string
  validation {
    condition     = startswith(var.worker_ami_id, "ami-")
    error_message = "worker_ami_id must be the id of a machine image, such as ami-0123456789abcdef0."
  }
}

variable "control_instance_type" {
  description = "Type of the control node. The state vault needs memory for up to three copies of the state of its jobs (docs/checkpoints.md) and computes their optimizer steps; Redis is on it too, where redis is self."
  type        = string
  default     = "r7i.xlarge"
}

variable "worker_instance_types" {
  description = "Types of the workers. One silo an instance computes on its first GPU, so take types with one GPU, and of one kind: results are the same bit for bit only on the same kind of GPU."
  type        = list(string)
  default     = ["g5.xlarge", "g5.2xlarge"]
  validation {
    condition     = length(var.worker_instance_types) > 0 && length(var.worker_instance_types) <= 20
    error_message = "worker_instance_types must be 1 to 20 types."
  }
}

variable "workers" {
  description = "Spot instances: how many are wanted, and between which limits the number may be changed."
  type        = object({ min = number, desired = number, max = number })
  default     = { min = 0, desired = 4, max = 8 }
  validation {
    condition     = 0 <= var.workers.min && var.workers.min <= var.workers.desired && var.workers.desired <= var.workers.max && var.workers.max <= 1000
    error_message = "workers must be 0 <= min <= desired <= max <= 1000."
  }
}

variable "on_demand_base" {
  description = "Workers that are on demand; the others are spot."
  type        = number
  default     = 0
  validation {
    condition     = var.on_demand_base >= 0 && floor(var.on_demand_base) == var.on_demand_base
    error_message = "on_demand_base must be a whole number, at least 0."
  }
}

variable "capacity_rebalance" {
  description = "Whether the auto scaling group replaces an instance that has a rebalance recommendation before it has a notice. Parcae does not need it: a notice is enough for it, and most recommendations come to nothing."
  type        = bool
  default     = false
}

variable "price_per_hour" {
  description = "What a worker costs, USD per hour, for the accounts of cost. Spot prices move; take the mean of the last weeks."
  type        = number
  default     = 0.45
  validation {
    condition     = var.price_per_hour >= 0
    error_message = "price_per_hour must be at least 0."
  }
}

variable "redis" {
  description = "self: a Redis with an append-only file on the control node's disk, which loses nothing. elasticache: a replicated one run by AWS, with TLS, which may lose the last writes when it fails over (docs/hosting.md says what that costs)."
  type        = string
  default     = "self"
  validation {
    condition     = contains(["self", "elasticache"], var.redis)
    error_message = "redis must be self or elasticache."
  }
}

variable "elasticache" {
  description = "Of redis = elasticache: type of its nodes, and the subnets of its two nodes, in two zones."
  type        = object({ node_type = string, subnet_ids = list(string) })
  default     = { node_type = "cache.t4g.small", subnet_ids = [] }
}

variable "control_disk_gib" {
  description = "Size of the control node's disk for checkpoints and, where redis is self, Redis. It outlives the instance."
  type        = number
  default     = 200
  validation {
    condition     = var.control_disk_gib >= 10 && var.control_disk_gib <= 16384
    error_message = "control_disk_gib must be from 10 to 16384."
  }
}

variable "keep_checkpoints_days" {
  description = "Days after which what was deleted or overwritten in the bucket is gone for good."
  type        = number
  default     = 30
  validation {
    condition     = var.keep_checkpoints_days >= 1
    error_message = "keep_checkpoints_days must be at least 1."
  }
}

variable "client_cidrs" {
  description = "Networks whose machines may use the API, the dashboard, and the gateway (the command and the SDK): inside the VPC or connected to it. The API is plain HTTP with tokens; never name the internet here."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for cidr in var.client_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "client_cidrs must be networks such as 10.0.0.0/16, and not the whole internet."
  }
}

variable "metrics_cidrs" {
  description = "Networks whose machines may read /metrics of all silos."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for cidr in var.metrics_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "metrics_cidrs must be networks such as 10.0.0.0/16, and not the whole internet."
  }
}

variable "tls_secret_arn" {
  description = "Secret of Secrets Manager with the certificate of silos, its key and their authority, one after the other, as infra/certificates makes them: silos and clients then speak TLS 1.3 with each other. It is not in Terraform's state. Empty: no TLS, and the network is trusted."
  type        = string
  default     = ""
  validation {
    condition     = var.tls_secret_arn == "" || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^\\s'*]+$", var.tls_secret_arn))
    error_message = "tls_secret_arn must be empty or the full ARN of a secret, such as arn:aws:secretsmanager:eu-central-1:123456789012:secret:parcae-tls-AbCdEf."
  }
}

variable "otlp_endpoint" {
  description = "A collector for traces, metrics and logs, such as http://10.0.3.7:4317; empty: none. It must be within the VPC or reachable by HTTPS."
  type        = string
  default     = ""
  validation {
    condition     = var.otlp_endpoint == "" || can(regex("^https?://[^/]+", var.otlp_endpoint))
    error_message = "otlp_endpoint must be empty or an address such as http://10.0.3.7:4317."
  }
}

variable "settings" {
  description = "More settings of all silos, by their names in the environment: { PARCAE_INTERVAL = \"60\" }. Parcae.Silo --help lists them."
  type        = map(string)
  default     = {}
  validation {
    condition     = alltrue([for name, value in var.settings : can(regex("^(PARCAE|OTEL)_[A-Z_]+$", name)) && can(regex("^[^\\s'\"\\\\$]*$", value))])
    error_message = "settings must have names such as PARCAE_INTERVAL, and values without spaces, quotes, backslashes and dollar signs."
  }
}

variable "session_manager" {
  description = "Whether instances may be reached through Systems Manager's sessions, the only way in here: no key and no port for SSH."
  type        = bool
  default     = true
}
