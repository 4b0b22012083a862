"""ARNs of roles: as STS says them of a session, and as IAM does."""

import re

ASSUMED = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/(?P<session>.+)")
_ROLE = re.compile(r"(?P<head>arn:[^:]+:iam::\d+:role)/(?:.*/)?(?P<name>[^/]+)")


def find_role_arn(arn: str) -> str:
    """Return the ARN in IAM for one of STS: the role of a session."""
    match = ASSUMED.fullmatch(arn)
    return f"arn:{match['partition']}:iam::{match['account']}:role/{match['role']}" if match else arn


def remove_path(arn: str) -> str:
    """Return the ARN of a role without its path, which the identity of a session does not have."""
    match = _ROLE.fullmatch(arn)
    return f"{match['head']}/{match['name']}" if match else arn
