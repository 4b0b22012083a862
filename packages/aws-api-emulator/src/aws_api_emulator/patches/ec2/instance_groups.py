"""EC2: security groups of an instance."""

from typing import TYPE_CHECKING

from aws_api_emulator.patches.patch import Patch

if TYPE_CHECKING:
    from moto.ec2.models.security_groups import SecurityGroup

_REQUESTED_GROUPS = "_security_groups_asked_for"


def _apply() -> None:
    from moto.ec2.models.instances import Instance

    def read_groups(instance: Instance) -> "list[SecurityGroup]":
        """Return the groups of the primary network interface, the only ones in AWS."""
        primary = getattr(instance, "nics", {}).get(0)
        return list(primary._group_set) if primary else getattr(instance, _REQUESTED_GROUPS, [])

    def write_groups(instance: Instance, groups: "list[SecurityGroup]") -> None:
        setattr(instance, _REQUESTED_GROUPS, groups)
        if primary := getattr(instance, "nics", {}).get(0):
            primary._group_set = list(groups)

    Instance.security_groups = property(read_groups, write_groups)  # type: ignore[assignment]


PATCH = Patch("ec2-instance-groups", "ec2", _apply)
"""moto forgets groups that come with the network interface, so every plan adds `vpc_security_group_ids` again."""
