"""The distribution API of OCI, version 2, as every registry speaks it: ECR, Docker Hub, GitHub's, one's own."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode, urljoin

from envctl.adapters.http.retry import TemporaryError
from envctl.adapters.registry import challenge
from envctl.adapters.registry.failures import denied, failed, not_copied, plain, unreachable, wrong
from envctl.adapters.registry.login import Login
from envctl.adapters.registry.transport import Answer, Transport, origin
from envctl.domain.images.image_reference import DOCKER_HUB, on_loopback
from envctl.domain.images.manifest import LISTS, SINGLE, Manifest, Part, digest_of, parse

OK, CREATED, ACCEPTED, UNAUTHORISED, FORBIDDEN, NOT_FOUND = 200, 201, 202, 401, 403, 404
_ACCEPTED = ", ".join((*LISTS, *SINGLE))
_HOSTS = {DOCKER_HUB: "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


class Distribution:
    """One registry. `login` is asked for once it wants to know who one is, and not before."""

    def __init__(self, transport: Transport, login: Callable[[], Login | None]) -> None:
        self.registry = transport.registry
        host = _HOSTS.get(self.registry, self.registry)
        self._base = f"{'http' if on_loopback(self.registry) else 'https'}://{host}/v2/"
        self._transport = transport
        self._login = login
        self._known: dict[tuple[str, bool], str] = {}

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        """By tag or digest; None where it is not there. Its bytes are what their digest says."""
        url = f"{self._base}{repository}/manifests/{reference}"
        answer = self._ask("GET", url, repository, {"Accept": _ACCEPTED})
        if answer.status == NOT_FOUND:
            return None
        self._demand(answer, OK)
        said = reference if reference.startswith("sha256:") else answer.headers.get("Docker-Content-Digest", "")
        found = digest_of(answer.body)
        if said and said != found:
            raise wrong(self.registry, f"what it gives out for {repository} as {said} is {found}")
        try:
            return parse(answer.body, answer.headers.get("Content-Type", ""))
        except ValueError as error:
            raise wrong(self.registry, f"the manifest {reference} of {repository}: {error}") from None

    def has(self, kind: str, repository: str, digest: str) -> bool:
        """Whether the manifest, or the blob, is there. `kind` is `manifests` or `blobs`."""
        url = f"{self._base}{repository}/{kind}/{digest}"
        answer = self._ask("HEAD", url, repository, {"Accept": _ACCEPTED} if kind == "manifests" else {})
        if answer.status == NOT_FOUND:
            return False
        self._demand(answer, OK)
        said = answer.headers.get("Docker-Content-Digest", digest)
        if said != digest:
            raise wrong(self.registry, f"asked for {digest} of {repository} it answers with {said}")
        return True

    @contextmanager
    def blob(self, repository: str, part: Part) -> Iterator[Iterator[bytes]]:
        """Piece by piece. Raises TemporaryError where it ends too early, or is something else: that is known before its
        last piece is given out.
        """
        # Asked for before, so that whoever gives it out knows who asks: a token lasts some minutes only.
        if not self.has("blobs", repository, part.digest):
            raise failed(
                self.registry, f"{repository} has an image without all of its layers: {part.digest} is lacking"
            )
        url = f"{self._base}{repository}/blobs/{part.digest}"
        with self._transport.stream(url, self._with(url, repository)) as (status, pieces):
            self._demand(Answer(status, {}, b"", url), OK)
            yield self._checked(part, pieces)

    def begin(self, repository: str, part: Part, source: str) -> str:
        """Where the blob can be uploaded to. Empty where it is there now: taken over from `source`, another repository
        of the same registry, if there is one.
        """
        wanted = f"?{urlencode({'mount': part.digest, 'from': source})}" if source else ""
        url = f"{self._base}{repository}/blobs/uploads/{wanted}"
        answer = self._ask("POST", url, repository, {"Content-Length": "0"}, b"", push=True)
        if answer.status == CREATED and source:
            return ""
        if answer.status == NOT_FOUND:
            raise not_copied(f"there is no repository {repository} in {self.registry}", "make it, and try again")
        self._demand(answer, ACCEPTED)
        return self._further(answer)

    def upload(self, repository: str, part: Part, location: str, pieces: Iterator[bytes]) -> None:
        """The registry compares the digest once more. Raises TemporaryError."""
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(part.size)}
        known = self._with(location, repository, push=True)
        sent = self._transport.once("PATCH", location, headers | known, pieces)
        self._demand(sent, ACCEPTED)
        further = self._further(sent)
        url = f"{further}{'&' if '?' in further else '?'}{urlencode({'digest': part.digest})}"
        ended = self._ask("PUT", url, repository, {"Content-Length": "0"}, b"", push=True, once=True)
        self._demand(ended, CREATED)

    def put(self, repository: str, manifest: Manifest) -> None:
        url = f"{self._base}{repository}/manifests/{manifest.digest}"
        headers = {"Content-Type": manifest.media_type}
        answer = self._ask("PUT", url, repository, headers, manifest.data, push=True)
        self._demand(answer, CREATED)
        said = answer.headers.get("Docker-Content-Digest", manifest.digest)
        if said != manifest.digest:
            raise wrong(self.registry, f"it took {manifest.digest} for {said}")

    def _ask(
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
        """Says who one is where that is asked for, or asked for anew. With `once` it raises TemporaryError."""
        send = self._transport.once if once else self._transport.ask
        answer = send(method, url, {**headers, **self._with(url, repository, push=push)}, body)
        if answer.status == UNAUTHORISED and origin(answer.url) == origin(self._base):
            scope = f"repository:{repository}:{'pull,push' if push else 'pull'}"
            header = answer.headers.get("WWW-Authenticate", "")
            self._known[repository, push] = challenge.answer(self._transport, header, self._login, scope)
            answer = send(method, url, {**headers, **self._with(url, repository, push=push)}, body)
        return answer

    def _with(self, url: str, repository: str, *, push: bool = False) -> dict[str, str]:
        """What is sent to the registry alone: an upload may go to another host, which it is not for."""
        known = self._known.get((repository, push), "")
        return {"Authorization": known} if known and origin(url) == origin(self._base) else {}

    def _further(self, answer: Answer) -> str:
        location = answer.headers.get("Location", "")
        if not location:
            raise wrong(self.registry, "it takes an upload, and does not say where")
        return urljoin(answer.url, location)

    def _demand(self, answer: Answer, status: int) -> None:
        if answer.status == status:
            return
        why = plain(answer.body.decode(errors="replace")) or f"it answers {answer.status}"
        if answer.status in {UNAUTHORISED, FORBIDDEN}:
            raise denied(self.registry, why, challenge.hint(self.registry))
        raise failed(self.registry, f"{answer.status}, {why}")

    def _checked(self, part: Part, pieces: Iterator[bytes]) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            if size > part.size or (size == part.size and f"sha256:{digest.hexdigest()}" != part.digest):
                raise TemporaryError(wrong(self.registry, f"what it gives out as {part.digest} is something else"))
            yield piece
        if size != part.size:
            raise TemporaryError(unreachable(self.registry, "broke off before its answer was complete"))
