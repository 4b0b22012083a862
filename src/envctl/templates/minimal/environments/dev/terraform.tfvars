# dev: may be destroyed at any time.

vpc_cidr           = "10.10.0.0/16"
log_retention_days = 7
