"""The Registries port: Amazon ECR, and whatever speaks the distribution API of OCI.

ECR is asked through boto3, as the environment that it is asked for. Layers go through the distribution API, with the
login that ECR gives for that: it is the same everywhere, so that there is one way to copy.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial

from envctl.adapters.registry import login
from envctl.adapters.registry.distribution import Distribution
from envctl.adapters.registry.ecr import Client, Elastic
from envctl.adapters.registry.image_copy import Copying, Place
from envctl.adapters.registry.transport import Limits, Transport
from envctl.domain.images.image_reference import Found, ecr
from envctl.usecases.ports.aws import Copied, Pulled


class Registries:
    """`environ` gives the environment of a process: proxies, certificates, and where docker keeps logins."""

    def __init__(
        self,
        client: Client,
        environ: Callable[[], Mapping[str, str]],
        *,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._elastic = Elastic(client)
        self._environ = environ
        self._limits = limits
        self._sleep = sleep
        self._known: dict[tuple[str, str], Distribution] = {}

    def digest(self, tagged: Pulled) -> str | None:
        image = tagged.image
        if there := ecr(image.registry):
            return self._elastic.digest(there, image, tagged.environment)
        manifest = self._distribution(tagged).manifest(image.repository, image.tag)
        return manifest.digest if manifest else None

    def find(self, pinned: Pulled) -> Found:
        image = pinned.image
        if there := ecr(image.registry):
            return self._elastic.find(there, image, pinned.environment)
        return "there" if self._distribution(pinned).has("manifests", image.repository, image.digest) else "absent"

    def copy(self, source: Pulled, target: Pulled, tell: Callable[[Copied], None]) -> None:
        one, other = (Place(self._distribution(end), end.image.repository) for end in (source, target))
        Copying(one, other, self._transport(target).persist, tell).copy(target.image.digest)

    def _distribution(self, end: Pulled) -> Distribution:
        """One for each registry and environment, which remembers who one is there."""
        key = (end.image.registry, end.environment)
        if key not in self._known:
            self._known[key] = Distribution(self._transport(end), partial(self._login, *key))
        return self._known[key]

    def _transport(self, end: Pulled) -> Transport:
        return Transport(end.image.registry, self._environ(), self._limits, self._sleep)

    def _login(self, registry: str, environment: str) -> login.Login | None:
        if there := ecr(registry):
            return self._elastic.login(registry, there, environment)
        return login.find(registry, self._environ())
