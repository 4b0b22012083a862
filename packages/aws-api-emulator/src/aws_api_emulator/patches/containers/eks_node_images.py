"""EKS: the newest system image of nodes, which AWS publishes in Parameter Store."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aws_api_emulator.patches.patch import Patch, replace_methods

if TYPE_CHECKING:
    from moto.ssm.models import Parameter, SimpleSystemManagerBackend

_RELEASE = (
    r"/aws/service/eks/optimized-ami/(1\.\d+)/amazon-linux-2023/(x86_64|arm64)/standard/recommended/release_version"
)
# Invented, in the format of AWS: it stays the same, so that a second plan is empty.
_DATE = "20260801"
_PUBLISHED = datetime(2026, 8, 1, tzinfo=UTC)


def _apply() -> None:
    from moto.ssm.models import SimpleSystemManagerBackend

    stock = SimpleSystemManagerBackend.get_parameter

    def get_parameter(self: SimpleSystemManagerBackend, name: str) -> "Parameter | None":
        found = stock(self, name)
        release = re.fullmatch(_RELEASE, name)
        return found if found or not release else _build_parameter(self, name, f"{release[1]}.0-{_DATE}")

    replace_methods(SimpleSystemManagerBackend, get_parameter)


def _build_parameter(backend: "SimpleSystemManagerBackend", name: str, value: str) -> "Parameter":
    from moto.ssm.models import Parameter

    return Parameter(  # type: ignore[abstract]
        account_id=backend.account_id,
        name=name,
        value=value,
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=_PUBLISHED,
        version=1,
        data_type="text",
    )


PATCH = Patch("eks-node-images", "ssm", _apply)
"""moto's Parameter Store has images of ECS but none of EKS, so nodes can't take the newest one."""
