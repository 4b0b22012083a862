"""IAM: the policies of AWS, read once for all accounts."""

from copy import copy
from typing import TYPE_CHECKING

from aws_api_emulator.patches.patch import Patch

if TYPE_CHECKING:
    from moto.iam.models import ManagedPolicy


def _apply() -> None:
    from moto.iam.models import IAMBackend

    read_policies = IAMBackend._init_aws_policies
    read: dict[str, list[ManagedPolicy]] = {}

    def copy_policies(backend: IAMBackend) -> list["ManagedPolicy"]:
        partition = backend.region_name
        # None are read while a setting of moto leaves them out.
        if not read.get(partition):
            read[partition] = read_policies(backend)
        return [_copy_policy(policy, backend.account_id) for policy in read[partition]]

    IAMBackend._init_aws_policies = copy_policies  # type: ignore[assignment, method-assign]


def _copy_policy(policy: "ManagedPolicy", account: str) -> "ManagedPolicy":
    """Each account counts its own attachments; the documents never change."""
    copied = copy(policy)
    copied.account_id, copied.tags, copied.versions = account, {}, [*policy.versions]
    return copied


PATCH = Patch("iam-shared-policies", "iam", _apply)
"""moto reads 1,500 policies anew for each account, so the first request to IAM waits in each."""
