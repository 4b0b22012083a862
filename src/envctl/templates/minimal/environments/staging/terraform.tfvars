# staging: like prod.

vpc_cidr           = "10.20.0.0/16"
log_retention_days = 30
