"""ARNs of roles, and of their sessions."""

import re

_ROLE_OF_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>.+)/[^/]+")


def role_of(arn: str) -> str:
    """The role whose session an ARN is, as IAM spells it; the ARN itself where it is no session's.

    The path of a role is not in the ARN of its sessions.
    """
    match = _ROLE_OF_SESSION.fullmatch(arn)
    return f"arn:{match['partition']}:iam::{match['account']}:role/{match['role']}" if match else arn
