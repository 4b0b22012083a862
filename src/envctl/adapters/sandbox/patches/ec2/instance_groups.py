"""EC2: security groups of an instance."""

from typing import TYPE_CHECKING

from envctl.adapters.sandbox.patches.patch import Patch

if TYPE_CHECKING:
    from moto.ec2.models.instances import Instance
    from moto.ec2.models.security_groups import SecurityGroup

_REQUESTED_GROUPS = "_security_groups_asked_for"


def _apply() -> None:
    from moto.ec2.models.instances import Instance

    Instance.security_groups = property(_read_groups, _write_groups)  # type: ignore[assignment]


def _read_groups(instance: "Instance") -> "list[SecurityGroup]":
    """Return the groups of the primary network interface, the only ones in AWS."""
    primary = getattr(instance, "nics", {}).get(0)
    return list(primary._group_set) if primary else getattr(instance, _REQUESTED_GROUPS, [])


def _write_groups(instance: "Instance", groups: "list[SecurityGroup]") -> None:
    setattr(instance, _REQUESTED_GROUPS, groups)
    if primary := getattr(instance, "nics", {}).get(0):
        primary._group_set = list(groups)


PATCH = Patch(
    name="ec2-instance-groups",
    service="ec2",
    gap="moto forgets groups that come with the network interface, so every plan adds `vpc_security_group_ids` again",
    apply=_apply,
)
