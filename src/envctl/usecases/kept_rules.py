"""The rules that environments were deployed with, in the store: each document once, under its own digest."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from envctl.domain.guards import Request
from envctl.domain.guards.rules import must_own_account
from envctl.domain.present import Present
from envctl.domain.project import Project
from envctl.domain.rules_document import MalformedRulesError, RulesDocument, decode, describe_rules, encode
from envctl.usecases.ports import AlreadyExistsError, Ports


def keep(ports: Ports, document: RulesDocument) -> None:
    """Stores it, where it is not there yet. Something else under its name is not believed by `look`."""
    with suppress(AlreadyExistsError):
        ports.store.create(key(document.digest), encode(document))


def look(ports: Ports, digests: Iterable[str]) -> Mapping[str, RulesDocument]:
    """By digest. One that is gone, was changed, or was written by a newer envctl is left out."""
    wanted = sorted({digest for digest in digests if digest})
    stored = ports.store.read_all([key(digest) for digest in wanted]) if wanted else []
    found = {digest: _read(data) for digest, data in zip(wanted, stored, strict=True) if data is not None}
    return {
        digest: document for digest, document in found.items() if document is not None and document.digest == digest
    }


def describe_tree(project: Project) -> Mapping[str, RulesDocument]:
    """The documents of all environments as the tree has them, by digest."""
    documents = (describe_rules(project, environment) for environment in project.all_environments)
    return {document.digest: document for document in documents}


def complete(ports: Ports, request: Request) -> Request:
    """The request with the documents that its guards need. Mostly the tree's are the recorded ones, and nothing has to
    be read.
    """
    approved = [each.rules for each in request.here.approvals if each.release == request.release]
    request = _read_missing(ports, request, [request.recorded_digest, *approved])
    if must_own_account(request):
        request = _read_missing(ports, request, list_recorded(request.present))
    return request


def list_recorded(present: Present) -> list[str]:
    return [there.rules.digest for there in present.environments.values() if there.rules]


def _read_missing(ports: Ports, request: Request, digests: Iterable[str]) -> Request:
    wanted = {digest for digest in digests if digest} - request.documents.keys()
    if not wanted:
        return request
    return replace(request, documents={**request.documents, **look(ports, wanted)})


def _read(data: bytes) -> RulesDocument | None:
    try:
        return decode(data)
    except MalformedRulesError:
        return None


def key(digest: str) -> str:
    return f"rules/{digest}.json"
