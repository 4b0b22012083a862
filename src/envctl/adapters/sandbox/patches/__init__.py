"""Where moto falls short of the AWS provider: one small named patch a gap, applied when its service is first used."""

import threading

from envctl.adapters.sandbox.patches import (
    autoscaling_refresh,
    ec2_instance_groups,
    ec2_launch_template_tags,
    ec2_launch_template_user_data,
    ec2_monitoring,
    ec2_platforms,
    s3_bucket_policy,
    s3_conditional_put,
    s3_locked_upload,
    s3_object_lock,
)
from envctl.adapters.sandbox.patches.patch import Patch

# Each has a test that fails once moto has mended the gap itself.
PATCHES: tuple[Patch, ...] = (
    autoscaling_refresh.PATCH,
    ec2_instance_groups.PATCH,
    ec2_launch_template_tags.PATCH,
    ec2_launch_template_user_data.PATCH,
    ec2_monitoring.PATCH,
    ec2_platforms.PATCH,
    s3_bucket_policy.PATCH,
    s3_conditional_put.PATCH,
    s3_locked_upload.PATCH,
    s3_object_lock.PATCH,
)

_applied: set[str] = set()
_lock = threading.Lock()


def apply_patches(service: str) -> None:
    """Mend what is known to be missing in a service of moto. Once a process, however often it is called."""
    with _lock:
        for patch in PATCHES:
            if patch.service == service and patch.name not in _applied:
                patch.apply()
                _applied.add(patch.name)
