"""Amazon ECR through boto3: digests of tags, presence of images, and the login for the distribution API."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from envctl.adapters.registry import challenge
from envctl.adapters.registry.failures import denied_error, request_error, response_error, unreachable_error
from envctl.adapters.registry.login import Login
from envctl.domain.images.image_reference import EcrRegistry, Image, Presence
from envctl.domain.images.manifest import IMAGE_TYPES, INDEX_TYPES

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_NO_IMAGE = frozenset({"ImageNotFound", "ImageTagDoesNotMatchDigest"})
_DENIED = ("AccessDenied", "UnrecognizedClient", "InvalidSignature", "ExpiredToken", "Forbidden", "NotAuthorized")
_SERVER_ERROR = 500


class ClientFactory(Protocol):
    """Opens a boto3 client with the credentials of an environment."""

    def __call__(self, service: str, environment: str = "", *, region: str = "") -> Any: ...  # noqa: ANN401


@dataclass(frozen=True, eq=False, repr=False)
class EcrApi:
    client: ClientFactory

    def resolve_digest(self, host: EcrRegistry, image: Image, environment: str) -> str | None:
        """Return the digest of the image's tag; None if there is none."""
        try:
            return self._find_digest(host, image, environment, {"imageTag": image.tag})
        except _NoRepositoryError:
            return None

    def find_image(self, host: EcrRegistry, image: Image, environment: str) -> Presence:
        try:
            return "there" if self._find_digest(host, image, environment, {"imageDigest": image.digest}) else "absent"
        except _NoRepositoryError:
            return "no repository"

    def fetch_login(self, registry: str, host: EcrRegistry, environment: str) -> Login:
        """Fetch a login with the permissions of the environment's credentials."""
        response = self._call_api(registry, host, environment, lambda client: client.get_authorization_token())
        try:
            token = base64.b64decode(response["authorizationData"][0]["authorizationToken"]).decode()
        except (KeyError, IndexError, ValueError, TypeError):
            raise response_error(registry, "its login is invalid") from None
        user, _, secret = token.partition(":")
        return Login(user, secret)

    def _find_digest(self, host: EcrRegistry, image: Image, environment: str, wanted: dict[str, str]) -> str | None:
        """Return the digest of an image; None if there is none. Needs the permission to pull only."""
        request: dict[str, object] = {
            "registryId": host.account_id,
            "repositoryName": image.repository,
            "imageIds": [wanted],
            "acceptedMediaTypes": [*IMAGE_TYPES, *INDEX_TYPES],
        }
        response = self._call_api(image.registry, host, environment, lambda client: client.batch_get_image(**request))
        for found in response.get("images", ()):
            return str(found["imageId"]["imageDigest"])
        if reasons := {str(failure.get("failureCode")) for failure in response.get("failures", ())} - _NO_IMAGE:
            raise request_error(image.registry, f"{image}: {', '.join(sorted(reasons))}")
        return None

    def _call_api(self, registry: str, host: EcrRegistry, environment: str, ask: Callable[[Any], Any]) -> Any:  # noqa: ANN401
        client = self.client("ecr", environment, region=host.region)
        # Late: the client has loaded boto3.
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return ask(client)
        except ClientError as error:
            raise _to_error(registry, error) from None
        except BotoCoreError:
            raise unreachable_error(registry, "did not answer in time, or has no address") from None


class _NoRepositoryError(Exception):
    pass


def _to_error(registry: str, error: "ClientError") -> Exception:
    details = error.response.get("Error", {})
    code, message = str(details.get("Code", "")), str(details.get("Message", ""))
    if code == "RepositoryNotFoundException":
        return _NoRepositoryError()
    if code.startswith(_DENIED):
        return denied_error(registry, f"{message} ({code})", challenge.suggest_login(registry))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code.startswith("Throttling") or status >= _SERVER_ERROR:
        return unreachable_error(registry, f"answers {code or status}")
    return request_error(registry, f"{message} ({code})")
