"""Module alb."""

import json
from typing import Any

from tests.modules.applying import Account, Case, Found

_AROUND = """
resource "aws_vpc" "this" {
  cidr_block = "10.10.0.0/16"
}

resource "aws_subnet" "public" {
  count = 2

  vpc_id            = aws_vpc.this.id
  cidr_block        = "10.10.${count.index}.0/24"
  availability_zone = ["ap-northeast-1a", "ap-northeast-1c"][count.index]
}

resource "aws_acm_certificate" "this" {
  domain_name       = "shop.example.com"
  validation_method = "DNS"
}

output "arn" {
  value = module.edge.arn
}

output "listener_arn" {
  value = module.edge.listener_arn
}

output "security_group_id" {
  value = module.edge.security_group_id
}

output "logs_bucket" {
  value = module.edge.logs_bucket
}

output "url" {
  value = module.edge.url
}
"""

_MODULE = """
module "edge" {
  source = "./modules/alb"

  project             = "shop"
  environment         = "dev"
  vpc_id              = aws_vpc.this.id
  subnet_ids          = aws_subnet.public[*].id
  alb_ingress_cidrs   = %s
  log_retention_days  = 90
  deletion_protection = %s
  %s
}
"""

_HTTPS = _AROUND + _MODULE % ('["192.0.2.0/24"]', "%s", "certificate_arn = aws_acm_certificate.this.arn")
HTTPS, PROTECTED = _HTTPS % "false", _HTTPS % "true"
HTTP = _AROUND + _MODULE % ("[]", "false", "http_only = true")


def look_at_https(account: Account, found: Found, protection: str = "false") -> None:
    assert _attributes(account, found) == {
        "access_logs.s3.bucket": found["logs_bucket"],
        "access_logs.s3.enabled": "true",
        "deletion_protection.enabled": protection,
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    https, http = _listeners(account, found)
    assert https["ListenerArn"] == found["listener_arn"]
    assert https["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert https["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    assert http["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"
    assert http["DefaultActions"][0]["RedirectConfig"]["StatusCode"] == "HTTP_301"
    assert found["url"].startswith("https://")
    assert _ports(account, found, "IpPermissions") == {(80, "192.0.2.0/24"), (443, "192.0.2.0/24")}
    assert _ports(account, found, "IpPermissionsEgress") == {(8080, "10.10.0.0/16")}
    _look_at_logs(account, found["logs_bucket"])


def look_at_protected(account: Account, found: Found) -> None:
    look_at_https(account, found, "true")


def look_at_http(account: Account, found: Found) -> None:
    assert _attributes(account, found)["deletion_protection.enabled"] == "false"
    (http,) = _listeners(account, found)
    assert http["ListenerArn"] == found["listener_arn"]
    assert http["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    assert found["url"].startswith("http://")
    # Nobody is let in any more, and so nobody gets in.
    assert _ports(account, found, "IpPermissions") == {(80, "127.0.0.1/32")}


def gone(account: Account) -> None:
    """With the logs, since the last settings said that the environment may go."""
    assert account.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert account.client("s3").list_buckets()["Buckets"] == []


def _attributes(account: Account, found: Found) -> dict[str, str]:
    elb = account.client("elbv2")
    said = elb.describe_load_balancer_attributes(LoadBalancerArn=found["arn"])["Attributes"]
    asked = ("access_logs.s3.bucket", "access_logs.s3.enabled", "deletion_protection.enabled")
    dropped = "routing.http.drop_invalid_header_fields.enabled"
    return {each["Key"]: each["Value"] for each in said if each["Key"] in (*asked, dropped)}


def _listeners(account: Account, found: Found) -> list[dict[str, Any]]:
    listeners = account.client("elbv2").describe_listeners(LoadBalancerArn=found["arn"])["Listeners"]
    return sorted(listeners, key=lambda listener: -int(listener["Port"]))


def _ports(account: Account, found: Found, direction: str) -> set[tuple[int, str]]:
    groups = account.client("ec2").describe_security_groups(GroupIds=[found["security_group_id"]])["SecurityGroups"]
    return {(rule["ToPort"], each["CidrIp"]) for rule in groups[0][direction] for each in rule["IpRanges"]}


def _look_at_logs(account: Account, bucket: str) -> None:
    s3 = account.client("s3")
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    (expiry,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert (expiry["Status"], expiry["Expiration"]["Days"]) == ("Enabled", 90)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert expiry["NoncurrentVersionExpiration"]["NoncurrentDays"] == 7
    allow, deny = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert allow["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert allow["Resource"] == f"arn:aws:s3:::{bucket}/AWSLogs/{account.account_id}/*"
    assert deny["Effect"] == "Deny"
    assert deny["Condition"]["Bool"]["aws:SecureTransport"] in ("false", ["false"])
    # As the load balancer does, through TLS: the bucket takes it, and goes with it when it is destroyed.
    s3.put_object(Bucket=bucket, Key=f"AWSLogs/{account.account_id}/ELBAccessLogTestFile", Body=b"")


# A protected one can't be destroyed: the last step is without.
STEPS = ((PROTECTED, look_at_protected), (HTTP, look_at_http))
CASE = Case("alb", "100000000005", HTTPS, look_at_https, gone, steps=STEPS)
