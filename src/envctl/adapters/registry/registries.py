"""The Registries port: Amazon ECR, and all registries with the OCI distribution API.

ECR is called through boto3, with the credentials of the environment. Its layers go through the distribution API too,
with a login from ECR: one way of copying for all registries.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial

from envctl.adapters.registry import login
from envctl.adapters.registry.distribution import RegistryApi
from envctl.adapters.registry.ecr import ClientFactory, EcrApi
from envctl.adapters.registry.image_copy import ImageCopier, ImageRepository
from envctl.adapters.registry.transport import Limits, Transport
from envctl.domain.images.image_reference import Presence, parse_ecr_registry
from envctl.usecases.ports.aws import CopyProgress, RegistryImage


class Registries:
    """`environ` returns the variables of the process: proxies, certificates, and the folder of docker's logins."""

    def __init__(
        self,
        client: ClientFactory,
        environ: Callable[[], Mapping[str, str]],
        *,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ecr = EcrApi(client)
        self._environ = environ
        self._limits = limits
        self._sleep = sleep
        self._apis: dict[tuple[str, str], RegistryApi] = {}

    def resolve_digest(self, tagged: RegistryImage) -> str | None:
        image = tagged.image
        if host := parse_ecr_registry(image.registry):
            return self._ecr.resolve_digest(host, image, tagged.environment)
        manifest = self._find_api(tagged).fetch_manifest(image.repository, image.tag)
        return manifest.digest if manifest else None

    def find_image(self, pinned: RegistryImage) -> Presence:
        image = pinned.image
        if host := parse_ecr_registry(image.registry):
            return self._ecr.find_image(host, image, pinned.environment)
        return "there" if self._find_api(pinned).has_content("manifests", image.repository, image.digest) else "absent"

    def copy_image(self, source: RegistryImage, target: RegistryImage, tell: Callable[[CopyProgress], None]) -> None:
        one, other = (ImageRepository(self._find_api(end), end.image.repository) for end in (source, target))
        ImageCopier(one, other, other.registry.transport.retry_attempt, tell).copy_image(target.image.digest)

    def _find_api(self, end: RegistryImage) -> RegistryApi:
        """Return the API for a registry and an environment; it keeps its authorization."""
        key = (end.image.registry, end.environment)
        if key not in self._apis:
            transport = Transport(end.image.registry, self._environ(), self._limits, self._sleep)
            self._apis[key] = RegistryApi(transport, partial(self._find_login, *key))
        return self._apis[key]

    def _find_login(self, registry: str, environment: str) -> login.Login | None:
        if host := parse_ecr_registry(registry):
            return self._ecr.fetch_login(registry, host, environment)
        return login.find_login(registry, self._environ())
