"""EC2: user data in later versions of a launch template."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.ec2.models.launch_templates import LaunchTemplate
    from moto.ec2.utils import parse_user_data

    stock = LaunchTemplate.create_version

    def create_version(self: LaunchTemplate, data: dict[str, Any], description: str) -> object:
        if isinstance(data.get("UserData"), str | bytes):
            data = {**data, "UserData": parse_user_data(data["UserData"])}
        return stock(self, data, description)

    replace_methods(LaunchTemplate, create_version)


PATCH = Patch("ec2-launch-template-user-data", "ec2", _apply)
"""moto keeps the user data of a new version undecoded, so launching from that version fails with a 500."""
