"""The rules that environments were deployed with, in the store: each document once, under its own digest."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.guards import Request
from envctl.domain.guards.both_documents import brings_other_rules, find_recorded_document, takes_account
from envctl.domain.guards.rules import list_claimed_accounts
from envctl.domain.ledger.state import Present
from envctl.domain.rules.changes import list_differences
from envctl.domain.rules.document import MalformedRulesError, RulesDocument, decode, describe_rules, encode, find_rules
from envctl.usecases.ledger.store_clock import current_time
from envctl.usecases.ports.core import AlreadyExistsError, Ports


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
    if not request.wrote_rules and brings_other_rules(request):
        request = replace(request, wrote_rules=list_writers(ports, request))
    if list_claimed_accounts(request) or takes_account(request):
        request = _read_missing(ports, request, list_recorded(request.present))
    return request


def request_for(ports: Ports, project: Project, present: Present, target: str) -> Request:
    """What the guards are asked about rules alone: no release goes anywhere."""
    request = Request(
        action="promote",
        pipeline=project.pipeline,
        target=target,
        source=project.pipeline.before(target),
        release=None,
        settings="",
        bundle="missing",
        present=present,
        actor=ports.identity.actor(),
        now=current_time(ports),
        rules=find_rules(project, target),
        document=describe_rules(project, target),
        documents=describe_tree(project),
    )
    return complete(ports, request)


def list_writers(ports: Ports, request: Request) -> tuple[str, ...]:
    """Who changed the project file since the release was made that the target runs: as far as git tells."""
    current = request.here.current
    known = request.present.releases.get(current.release) if current else None
    return tuple(ports.versions.writers(PROJECT_FILE, known.commit if known else ""))


def read_recorded(request: Request) -> RulesDocument:
    """The recorded document. Raises UsageError (E488) where there is none, and OperationFailedError (E489) where it is
    missing or damaged.
    """
    recorded, document = request.here.rules, find_recorded_document(request)
    if recorded is None:
        message = f"no deployment to {request.target} has recorded its rules yet: those of envctl.toml count alone"
        raise UsageError(Problem("E488", message, f"envctl rules {request.target}"))
    if document is None:
        message = (
            f"the rules that {request.target} was deployed with on {recorded.at:%Y-%m-%d} (entry {recorded.started})"
            f" are missing or damaged in the store: {key(recorded.digest)}"
        )
        hint = f'restore it from a backup; if there is none: envctl rules reset {request.target} --reason "…"'
        raise OperationFailedError(Problem("E489", message, hint))
    return document


def list_changes(ports: Ports, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """For pairs of digests of before and after, what the second document says otherwise. Nothing where one is empty."""
    wanted = [pair for pair in dict.fromkeys(pairs) if all(pair) and pair[0] != pair[1]]
    known = look(ports, [digest for pair in wanted for digest in pair])
    unknown = ("unknown: a document is missing or damaged in the store",)
    return {
        (old, new): list_differences(known[old], known[new]) if old in known and new in known else unknown
        for old, new in wanted
    }


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
