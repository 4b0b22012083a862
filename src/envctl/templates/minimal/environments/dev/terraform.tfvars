# dev: may be torn down at any time.

vpc_cidr           = "10.10.0.0/16"
log_retention_days = 7
