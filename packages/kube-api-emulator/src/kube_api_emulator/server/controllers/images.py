"""What the name of an image says about its containers.

Source: k8s.io/kubernetes v1.36.2, pkg/kubelet/images/image_manager.go (EnsureImageExists, evalCRIPullErr),
pkg/kubelet/images/types.go (ErrImagePullBackOff, ErrImagePull).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kube_api_emulator.server.resources import Object

# Parts of the names of images that fail, or take long.
NEVER_READY, NO_SUCH_IMAGE, CRASH_LOOP, SLOW = "never-ready", "no-such-image", "crash-loop", "slow-start"
SLOW_FACTOR = 20
"""How many times longer a slow container takes."""
_CODE = re.compile(r"crash-loop-(\d{1,3})")
_KILLED = 137


@dataclass(frozen=True)
class Failure:
    """What is wrong with a container.

    Attributes:
        reason: why it waits; empty if it runs, and is not ready.
    """

    container: str
    image: str
    marker: str

    @property
    def reason(self) -> str:
        return {NO_SUCH_IMAGE: "ImagePullBackOff", CRASH_LOOP: "CrashLoopBackOff"}.get(self.marker, "")

    @property
    def exit_code(self) -> int:
        match = _CODE.search(self.image)
        return int(match[1]) if match and 0 < int(match[1]) < 256 else 1  # noqa: PLR2004 (a byte)

    @property
    def end_reason(self) -> str:
        return "OOMKilled" if self.exit_code == _KILLED else "Error"

    def describe_wait(self, pod: Object) -> str:
        """Return the message of the container's state."""
        if self.marker == NO_SUCH_IMAGE:
            return f'Back-off pulling image "{self.image}": ErrImagePull: {self.describe_pull()}'
        metadata = pod["metadata"]
        place = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
        return f"back-off 10s restarting failed container={self.container} pod={place}"

    def describe_pull(self) -> str:
        return f'failed to pull and unpack image "{self.image}": failed to resolve reference: {self.image}: not found'


def find_failure(spec: Mapping[str, Any]) -> Failure | None:
    """Return what is wrong with the first container of a pod that fails."""
    for container in spec.get("containers") or ():
        for marker in (NEVER_READY, NO_SUCH_IMAGE, CRASH_LOOP):
            if marker in container.get("image", ""):
                return Failure(container["name"], container["image"], marker)
    return None


def is_slow(spec: Mapping[str, Any]) -> bool:
    return any(SLOW in each.get("image", "") for each in spec.get("containers") or ())
