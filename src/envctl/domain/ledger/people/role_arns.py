"""ARNs of IAM roles and of their sessions."""

import re

_ROLE_OF_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>.+)/[^/]+")


def to_role_arn(arn: str) -> str:
    """Return the role ARN of a session ARN, without the role's path; any other ARN unchanged."""
    match = _ROLE_OF_SESSION.fullmatch(arn)
    return f"arn:{match['partition']}:iam::{match['account']}:role/{match['role']}" if match else arn
