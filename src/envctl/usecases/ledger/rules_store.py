"""Rules documents in the store: the rules of past deployments, each under its digest."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from envctl.domain.command_lines import PLACEHOLDER, format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.guards import Request
from envctl.domain.guards.rules import can_take_account, list_claimed_accounts
from envctl.domain.ledger.state import LedgerState
from envctl.domain.rules.changes import list_differences
from envctl.domain.rules.document import RulesDocument, build_rules_document, decode, to_rules
from envctl.usecases.ledger.change_authors import add_authors
from envctl.usecases.ledger.ledger_store import DigestDocuments, read_store_time
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports

RULES = DigestDocuments[RulesDocument]("rules/", lambda document: document.encoded, decode)


def describe_tree_rules(project: Project) -> Mapping[str, RulesDocument]:
    """Return the documents of all environments in the working tree, by digest."""
    documents: dict[str, RulesDocument] = {}
    for environment in project.all_environments:
        document = build_rules_document(project, environment)
        documents[document.digest] = document
    return documents


def complete_request(ports: Ports, request: Request) -> Request:
    """Add the documents needed by guards to a request. Often the tree holds all of them, and none is read."""
    approved = [each.rules for each in request.target_state.approvals if each.release == request.release]
    request = _load_missing(ports, request, [request.recorded_digest, *approved])
    if list_claimed_accounts(request) or can_take_account(request):
        request = _load_missing(ports, request, list_recorded_digests(request.present))
    return request


def build_rules_request(context: Context, present: LedgerState, target: str) -> Request:
    """Build a guard request about rules only, without a release."""
    ports, project = context.ports, context.project
    documents = describe_tree_rules(project)
    document = next(each for each in documents.values() if each.environment == target)
    request = Request(
        action="promote",
        pipeline=project.pipeline,
        target=target,
        source=project.pipeline.find_previous(target),
        release=None,
        settings="",
        bundle="missing",
        present=present,
        actor=ports.identity.identify_actor(),
        start=ports.identity.find_start(),
        now=read_store_time(ports),
        rules=to_rules(document),
        document=document,
        documents=documents,
        signed_from={name: there.signs_from for name, there in ports.trust.pinned.items()},
    )
    return add_authors(context, complete_request(ports, request))


def load_recorded_rules(request: Request) -> RulesDocument:
    """Return the recorded document of the target.

    Raises UsageError (E488) if none is recorded, and OperationFailedError (E489) if it is missing or damaged.
    """
    recorded, document = request.target_state.rules, request.recorded_document
    if recorded is None:
        message = f"no deployment to {request.target} has recorded its rules yet: only those of envctl.toml count"
        raise UsageError(Problem("E488", message, format_command("rules", request.target)))
    if document is None:
        message = (
            f"the rules recorded with the deployment to {request.target} on {recorded.at:%Y-%m-%d}"
            f" (entry {recorded.started}) are missing or damaged in the store: {RULES.format_key(recorded.digest)}"
        )
        reset = format_command("rules reset", request.target, reason=PLACEHOLDER)
        hint = f"restore it from a backup; without one: {reset}"
        raise OperationFailedError(Problem("E489", message, hint))
    return document


def list_rule_changes(ports: Ports, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return the differences for each pair of old and new digests; pairs with an empty one are skipped."""
    wanted = [pair for pair in dict.fromkeys(pairs) if all(pair) and pair[0] != pair[1]]
    known = RULES.load_documents(ports, [digest for pair in wanted for digest in pair])
    unknown = ("unknown: a document is missing or damaged in the store",)
    return {
        (old, new): list_differences(known[old], known[new]) if old in known and new in known else unknown
        for old, new in wanted
    }


def list_tree_changes(request: Request) -> tuple[str, ...]:
    """Return the differences of the tree's rules from the recorded ones; none in the entry environment."""
    before, now = request.recorded_document, request.document
    return list_differences(before, now) if before and now and not before.is_entry else ()


def list_recorded_digests(present: LedgerState) -> list[str]:
    return [there.rules.digest for there in present.environments.values() if there.rules]


def _load_missing(ports: Ports, request: Request, digests: Iterable[str]) -> Request:
    wanted = {digest for digest in digests if digest} - request.documents.keys()
    if not wanted:
        return request
    return replace(request, documents={**request.documents, **RULES.load_documents(ports, wanted)})
