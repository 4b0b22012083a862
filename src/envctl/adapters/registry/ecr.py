"""Amazon ECR, as far as boto3 asks it: what a tag means, what is there, and the login for all else."""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from envctl.adapters.registry import challenge
from envctl.adapters.registry.failures import denied, failed, unreachable, wrong
from envctl.adapters.registry.login import Login
from envctl.domain.images.image_reference import Ecr, Found, Image
from envctl.domain.images.manifest import LISTS, SINGLE

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_NO_REPOSITORY = "RepositoryNotFoundException"
_NO_IMAGE = frozenset({"ImageNotFound", "ImageTagDoesNotMatchDigest"})
_DENIED = ("AccessDenied", "UnrecognizedClient", "InvalidSignature", "ExpiredToken", "Forbidden", "NotAuthorized")
_SERVERS_FAULT = 500


class Client(Protocol):
    """Gives a client of boto3 with the credentials of an environment."""

    def __call__(self, service: str, environment: str = "", *, region: str = "") -> Any: ...  # noqa: ANN401


class Elastic:
    def __init__(self, client: Client) -> None:
        self._client = client

    def digest(self, there: Ecr, image: Image, environment: str) -> str | None:
        """Of its tag; None where there is none."""
        try:
            return self._image(there, image, environment, {"imageTag": image.tag})
        except _NoRepositoryError:
            return None

    def find(self, there: Ecr, image: Image, environment: str) -> Found:
        try:
            return "there" if self._image(there, image, environment, {"imageDigest": image.digest}) else "absent"
        except _NoRepositoryError:
            return "no repository"

    def login(self, registry: str, there: Ecr, environment: str) -> Login:
        """That of an environment's credentials: whatever they may pull and push, it may."""
        said = self._call(registry, there, environment, lambda client: client.get_authorization_token())
        try:
            token = base64.b64decode(said["authorizationData"][0]["authorizationToken"]).decode()
        except (KeyError, IndexError, ValueError, TypeError):
            raise wrong(registry, "its login is none") from None
        user, _, secret = token.partition(":")
        return Login(user, secret)

    def _image(self, there: Ecr, image: Image, environment: str, wanted: dict[str, str]) -> str | None:
        """Its digest. With the right to pull, which whoever runs it needs anyway, and no other."""
        said = self._call(
            image.registry,
            there,
            environment,
            lambda client: client.batch_get_image(
                registryId=there.account_id,
                repositoryName=image.repository,
                imageIds=[wanted],
                acceptedMediaTypes=[*SINGLE, *LISTS],
            ),
        )
        for found in said.get("images", ()):
            return str(found["imageId"]["imageDigest"])
        reasons = {str(failure.get("failureCode")) for failure in said.get("failures", ())} - _NO_IMAGE
        if reasons:
            raise failed(image.registry, f"{image}: {', '.join(sorted(reasons))}")
        return None

    def _call(self, registry: str, there: Ecr, environment: str, ask: Callable[[Any], Any]) -> Any:  # noqa: ANN401
        client = self._client("ecr", environment, region=there.region)
        # After the client, which has made boto3 ready.
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return ask(client)
        except ClientError as error:
            raise _told(registry, error) from None
        except BotoCoreError:
            raise unreachable(registry, "did not answer in time, or has no address") from None


class _NoRepositoryError(Exception):
    pass


def _told(registry: str, error: "ClientError") -> Exception:
    said = error.response.get("Error", {})
    name, message = str(said.get("Code", "")), str(said.get("Message", ""))
    if name == _NO_REPOSITORY:
        return _NoRepositoryError()
    if name.startswith(_DENIED):
        return denied(registry, f"{message} ({name})", challenge.hint(registry))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if name.startswith("Throttling") or status >= _SERVERS_FAULT:
        return unreachable(registry, f"answers {name or status}")
    return failed(registry, f"{message} ({name})")
