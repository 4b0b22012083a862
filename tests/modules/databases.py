"""What holds of a database and of its replica alike."""

from typing import Any

from tests.modules.applying import Account
from tests.modules.policies import statements


def opened(rules: list[dict[str, Any]]) -> list[tuple[int, list[str]]]:
    """Port, and the groups and ranges of addresses."""
    assert all(rule["FromPort"] == rule["ToPort"] and rule["IpProtocol"] == "tcp" for rule in rules)
    groups = [[pair["GroupId"] for pair in rule["UserIdGroupPairs"]] for rule in rules]
    ranges = [sorted(found["CidrIp"] for found in rule["IpRanges"]) for rule in rules]
    assert not any(rule.get("Ipv6Ranges") or rule.get("PrefixListIds") for rule in rules)
    return [(rule["ToPort"], groups[i] + ranges[i]) for i, rule in enumerate(rules)]


def watched(account: Account, instance: dict[str, Any], name: str) -> None:
    """Told what its machine does each minute, by a role that nobody else can use."""
    iam = account.client("iam")
    role = iam.get_role(RoleName=name)["Role"]
    assert (instance["MonitoringInterval"], instance["MonitoringRoleArn"]) == (60, role["Arn"])
    (attached,) = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert attached["PolicyName"] == "AmazonRDSEnhancedMonitoringRole"
    (trust,) = statements(role["AssumeRolePolicyDocument"]).values()
    assert trust.principals == {"Service": frozenset(["monitoring.rds.amazonaws.com"])}
    assert trust.conditions == {
        "StringEquals": {"aws:SourceAccount": frozenset([account.account_id])},
        "ArnLike": {
            "aws:SourceArn": frozenset([f"arn:aws:rds:*:{account.account_id}:db:{instance['DBInstanceIdentifier']}"])
        },
    }
