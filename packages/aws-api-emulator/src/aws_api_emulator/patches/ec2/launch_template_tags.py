"""EC2: tags of a launch template."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.ec2.models.launch_templates import LaunchTemplateBackend

    stock = LaunchTemplateBackend.create_launch_template

    def create_launch_template(
        self: LaunchTemplateBackend,
        name: str,
        description: str,
        template_data: dict[str, Any],
        tag_spec: dict[str, dict[str, str]],
    ) -> object:
        data = dict(template_data)
        tags = [tag for tag in data.pop("TagSpecifications", []) if tag.get("ResourceType") != "launch-template"]
        if tags:
            data["TagSpecifications"] = tags
        return stock(self, name, description, data, tag_spec)

    replace_methods(LaunchTemplateBackend, create_launch_template)


PATCH = Patch("ec2-launch-template-tags", "ec2", _apply)
"""moto copies a template's own tags into what it launches with, so the next plan removes them."""
