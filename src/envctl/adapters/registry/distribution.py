"""Client of the OCI distribution API, version 2, for every registry: ECR, Docker Hub, GitHub or self-hosted."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode, urljoin

from envctl.adapters.http.retry import TemporaryError
from envctl.adapters.registry import challenge, failures
from envctl.adapters.registry.failures import request_error, response_error
from envctl.adapters.registry.login import Login
from envctl.adapters.registry.transport import Answer, Transport, parse_origin
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.images.image_reference import DOCKER_HUB, is_loopback
from envctl.domain.images.manifest import IMAGE_TYPES, INDEX_TYPES, Descriptor, Manifest, compute_digest, parse_manifest

OK, CREATED, ACCEPTED, UNAUTHORISED, FORBIDDEN, NOT_FOUND = 200, 201, 202, 401, 403, 404
_MANIFEST_TYPES = ", ".join((*INDEX_TYPES, *IMAGE_TYPES))
_API_HOSTS = {DOCKER_HUB: "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


class RegistryApi:
    """The API of a registry. `login` is called only after a challenge of the registry."""

    def __init__(self, transport: Transport, login: Callable[[], Login | None]) -> None:
        self.registry = transport.registry
        host = _API_HOSTS.get(self.registry, self.registry)
        self._base = f"{'http' if is_loopback(self.registry) else 'https'}://{host}/v2/"
        self.transport = transport
        self._login = login
        self._headers: dict[tuple[str, bool], str] = {}

    def fetch_manifest(self, repository: str, reference: str) -> Manifest | None:
        """Fetch a manifest by tag or digest, and verify its digest; None if there is none."""
        url = f"{self._base}{repository}/manifests/{reference}"
        answer = self._send_request("GET", url, repository, {"Accept": _MANIFEST_TYPES})
        if answer.status == NOT_FOUND:
            return None
        self._require_status(answer, OK)
        expected = reference if reference.startswith("sha256:") else answer.headers.get("Docker-Content-Digest", "")
        found = compute_digest(answer.body)
        if expected and expected != found:
            raise response_error(self.registry, f"for {repository}, it returned {found} in place of {expected}")
        try:
            return parse_manifest(answer.body, answer.headers.get("Content-Type", ""))
        except ValueError as error:
            raise response_error(self.registry, f"the manifest {reference} of {repository}: {error}") from None

    def has_content(self, kind: str, repository: str, digest: str) -> bool:
        """Check for a manifest or a blob. `kind` is `manifests` or `blobs`."""
        url = f"{self._base}{repository}/{kind}/{digest}"
        answer = self._send_request("HEAD", url, repository, {"Accept": _MANIFEST_TYPES} if kind == "manifests" else {})
        if answer.status == NOT_FOUND:
            return False
        self._require_status(answer, OK)
        stored = answer.headers.get("Docker-Content-Digest", digest)
        if stored != digest:
            raise response_error(self.registry, f"for {digest} of {repository} it returned {stored}")
        return True

    @contextmanager
    def open_blob(self, repository: str, part: Descriptor) -> Iterator[Iterator[bytes]]:
        """Stream a blob. Raises TemporaryError before the last piece if it ends too early or its digest differs."""
        # This call also renews the authorization: a token lasts some minutes only.
        if not self.has_content("blobs", repository, part.digest):
            message = f"{repository} has an incomplete image: layer {part.digest} is missing"
            raise request_error(self.registry, message)
        url = f"{self._base}{repository}/blobs/{part.digest}"
        with self.transport.stream_body(url, self._build_authorization(url, repository)) as (status, pieces):
            self._require_status(Answer(status, {}, b"", url), OK)
            yield self._verify_pieces(part, pieces)

    def start_upload(self, repository: str, part: Descriptor, source: str) -> str:
        """Return the URL for uploading a blob; empty if the registry mounted it from its repository `source`."""
        query = f"?{urlencode({'mount': part.digest, 'from': source})}" if source else ""
        url = f"{self._base}{repository}/blobs/uploads/{query}"
        answer = self._send_request("POST", url, repository, {"Content-Length": "0"}, b"", push=True)
        if answer.status == CREATED and source:
            return ""
        if answer.status == NOT_FOUND:
            message = failures.to_plain_line(f"there is no repository {repository} in {self.registry}")
            raise OperationFailedError(Problem("E435", message, "create it, and try again"))
        self._require_status(answer, ACCEPTED)
        return self._find_upload_url(answer)

    def upload_blob(self, repository: str, part: Descriptor, location: str, pieces: Iterator[bytes]) -> None:
        """Upload a blob; the registry verifies its digest. Raises TemporaryError."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(part.size)}
        authorization = self._build_authorization(location, repository, push=True)
        sent = self.transport.send_once("PATCH", location, headers | authorization, pieces)
        self._require_status(sent, ACCEPTED)
        next_url = self._find_upload_url(sent)
        url = f"{next_url}{'&' if '?' in next_url else '?'}{urlencode({'digest': part.digest})}"
        ended = self._send_request("PUT", url, repository, {"Content-Length": "0"}, b"", push=True, once=True)
        self._require_status(ended, CREATED)

    def put_manifest(self, repository: str, manifest: Manifest) -> None:
        url = f"{self._base}{repository}/manifests/{manifest.digest}"
        headers = {"Content-Type": manifest.media_type}
        answer = self._send_request("PUT", url, repository, headers, manifest.data, push=True)
        self._require_status(answer, CREATED)
        stored = answer.headers.get("Docker-Content-Digest", manifest.digest)
        if stored != manifest.digest:
            raise response_error(self.registry, f"it stored {manifest.digest} as {stored}")

    def _send_request(
        self,
        method: str,
        url: str,
        repository: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        push: bool = False,
        once: bool = False,
    ) -> Answer:
        """Send a request, and authenticate if challenged. With `once`, raises TemporaryError instead of retrying."""
        send = self.transport.send_once if once else self.transport.send_request
        answer = send(method, url, {**headers, **self._build_authorization(url, repository, push=push)}, body)
        if answer.status == UNAUTHORISED and parse_origin(answer.url) == parse_origin(self._base):
            scope = f"repository:{repository}:{'pull,push' if push else 'pull'}"
            header = answer.headers.get("WWW-Authenticate", "")
            self._headers[repository, push] = challenge.authenticate(self.transport, header, self._login, scope)
            answer = send(method, url, {**headers, **self._build_authorization(url, repository, push=push)}, body)
        return answer

    def _build_authorization(self, url: str, repository: str, *, push: bool = False) -> dict[str, str]:
        """Return the authorization, for the registry alone: an upload may go to another host."""
        authorization = self._headers.get((repository, push), "")
        return (
            {"Authorization": authorization} if authorization and parse_origin(url) == parse_origin(self._base) else {}
        )

    def _find_upload_url(self, answer: Answer) -> str:
        location = answer.headers.get("Location", "")
        if not location:
            raise response_error(self.registry, "it accepts an upload, but gives no address")
        return urljoin(answer.url, location)

    def _require_status(self, answer: Answer, status: int) -> None:
        if answer.status == status:
            return
        why = failures.to_plain_line(answer.body.decode(errors="replace")) or f"it answers {answer.status}"
        if answer.status in {UNAUTHORISED, FORBIDDEN}:
            raise failures.denied_error(self.registry, why, challenge.suggest_login(self.registry))
        raise request_error(self.registry, f"{answer.status}, {why}")

    def _verify_pieces(self, part: Descriptor, pieces: Iterator[bytes]) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            if size > part.size or (size == part.size and f"sha256:{digest.hexdigest()}" != part.digest):
                message = f"it returned other content for {part.digest}"
                raise TemporaryError(response_error(self.registry, message))
            yield piece
        if size != part.size:
            raise TemporaryError(failures.unreachable_error(self.registry, "broke off before its answer was complete"))
