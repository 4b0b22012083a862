"""EC2: the security groups of an instance."""

from typing import TYPE_CHECKING

from envctl.adapters.sandbox.patches.patch import Patch

if TYPE_CHECKING:
    from moto.ec2.models.instances import Instance
    from moto.ec2.models.security_groups import SecurityGroup

_ASKED_FOR = "_security_groups_asked_for"


def _apply() -> None:
    from moto.ec2.models.instances import Instance

    Instance.security_groups = property(_read, _write)  # type: ignore[assignment]


def _read(instance: "Instance") -> "list[SecurityGroup]":
    """AWS has one set of groups: that of the primary network interface."""
    primary = getattr(instance, "nics", {}).get(0)
    return list(primary._group_set) if primary else getattr(instance, _ASKED_FOR, [])


def _write(instance: "Instance", groups: "list[SecurityGroup]") -> None:
    setattr(instance, _ASKED_FOR, groups)
    if primary := getattr(instance, "nics", {}).get(0):
        primary._group_set = list(groups)


PATCH = Patch(
    name="ec2-instance-groups",
    service="ec2",
    gap="moto forgets groups that come with the network interface, so every plan adds `vpc_security_group_ids` again",
    apply=_apply,
)
