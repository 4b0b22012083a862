"""Guard G112, and the two rules documents of a deployment: those of the tree, and the recorded ones.

Each guard checks the rules of both. A deployment has to satisfy both documents; a requirement in one of them is enough.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import approvals, plan
from envctl.domain.guards.authors import count_people, is_only_author, list_authors, list_rules_authors
from envctl.domain.guards.plan import count_missing_after_stop
from envctl.domain.guards.request import Guard, Refusal, Request, can_record_rules
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_same_person
from envctl.domain.ledger.people.principals import can_approve_at
from envctl.domain.ledger.recorded_rules import RulesApproval
from envctl.domain.ledger.state import Approval
from envctl.domain.rules.changes import list_conflicts, list_rule_lines
from envctl.domain.rules.document import RulesDocument, to_rules
from envctl.domain.rules.environment_rules import Rules
from envctl.domain.text.durations import format_duration
from envctl.domain.text.lists import join_names

RESET_DELAY = timedelta(days=7)


def check_rules(request: Request) -> Refusal | None:
    """G112: account, region and position in the pipeline match the recorded rules."""
    refusal = _check_missing_document(request) or _check_signatures(request) or _check_taken_account(request)
    if refusal is None and can_record_rules(request):
        refusal = _check_never_recorded(request) or _check_conflicts(request)
    return refusal or _warn_of_reset(request) or _warn_of_first_record(request)


def _check_missing_document(request: Request) -> Refusal | None:
    recorded = request.target_state.rules
    if recorded is None or not is_document_missing(request):
        return None
    message = (
        f"the rules of {request.target} recorded on {recorded.at:%Y-%m-%d} are missing or damaged in"
        f" the store (rules/{recorded.digest}.json)"
    )
    rules = format_command("rules", request.target)
    hint = f"restore them from a backup of the store, or use the envctl.toml of that date: {rules}"
    return _refuse_rules(message, hint)


def _check_signatures(request: Request) -> Refusal | None:
    """Refuse a tree that believes entries which the recorded rules want signed: with it, no approval proves anything.

    The keys stay in the tree until the recorded rules ask for no signatures.
    """
    recorded, document = request.target_state.rules, request.recorded_document
    wanted = document.content.get("signatures", {}) if document else {}
    people = wanted.get("approvals_from", 0)
    for name, since in wanted.get("from", {}).items():
        now, people_now = request.signed_from.get(name, (0, 0))
        if name == request.target and people and not 0 < people_now <= people:
            what, line = f"decisions of people from entry {people} on", f"approval_signed_from = {people}"
        elif not 0 < now <= since:
            what, line = f"entries from {since} on", f"signed_from = {since}"
        else:
            continue
        message = (
            f"the rules of {request.target} recorded with entry {recorded.started if recorded else 0} want all {what}"
            f" about {name} signed, and envctl.toml does not"
        )
        hint = (
            f"restore the keys in [environments.{name}], and {line} or less; to end this, have the rules without"
            f" `signatures` approved and deployed first: {format_command('rules', request.target)}"
        )
        return _refuse_rules(message, hint)
    return None


def _check_conflicts(request: Request) -> Refusal | None:
    recorded, before, now = request.target_state.rules, request.recorded_document, request.document
    if recorded is None or before is None or now is None or before.is_entry:
        return None
    conflicts, asked = list_conflicts(before, now), to_rules(before)
    if not conflicts or can_replace_rules(request, asked):
        return None
    missing = [gate for gate, count in count_missing_rules_approvals(request, asked).items() if count]
    message = (
        f"envctl.toml contradicts the rules of {request.target} recorded on {recorded.at:%Y-%m-%d} (entry"
        f" {recorded.started}): {', '.join(conflicts)}"
    )
    lacking = f"; the change needs approvals at {join_names(missing)}" if missing[0] else ""
    return _refuse_rules(
        f"{message}{lacking}", format_command("approve", request.target, rules=True, gate=missing[0]), for_now=True
    )


def _check_never_recorded(request: Request) -> Refusal | None:
    """Refuse code from the tree for an environment with promotions from before rules were recorded."""
    last = request.target_state.current or request.target_state.last
    if request.target_state.rules is not None or last is None or not last.source:
        return None
    if request.document is None or not (request.document.is_entry or request.document.is_standalone):
        return None
    message = (
        f"{request.target} took releases from {last.source}, but envctl.toml now lets it take code from the"
        " working tree"
    )
    hint = (
        f"restore its place in [pipeline], and deploy it once to record its rules:"
        f" {format_command('promote', last.source, request.target)}"
    )
    return _refuse_rules(message, hint)


def _check_taken_account(request: Request) -> Refusal | None:
    """Refuse an account already deployed to by another environment, for a standalone environment or an entry."""
    now = request.document
    claimed = list_claimed_accounts(request)
    if now is None or not can_record_rules(request) or not (claimed or can_take_account(request)):
        return None
    owners, unknown = _find_owners(request, now, claimed or now.all_accounts)
    if owners and claimed:
        account, names = next(iter(owners.items()))
        has, hint = _describe_claim(request, now, account)
        return _refuse_rules(f"{has}; by the recorded rules, it belongs to {join_names(names)}", hint)
    if unknown:
        message = f"the recorded rules of {join_names(unknown)} are missing or damaged in the store"
        accounts = join_names(sorted(claimed or now.all_accounts))
        hint = f"give {request.target} an account of its own in envctl.toml, then: {request.command}"
        return _refuse_rules(f"{message}: unknown whether {accounts} is its account", hint)
    return None


def _describe_claim(request: Request, now: RulesDocument, account: str) -> tuple[str, str]:
    """Return the conflicting statement of envctl.toml, and the correction."""
    target = request.target
    if account == now.account_id:
        hint = f"give {target} an account of its own in envctl.toml, then: {request.command}"
        return f"{target} has the account {account}", hint
    hint = f"remove {account} from other_accounts of {target} in envctl.toml, then: {request.command}"
    return f"{target} names the account {account} in other_accounts", hint


def list_claimed_accounts(request: Request) -> frozenset[str]:
    """Return the accounts reserved for the target alone. Standalone environment: its account, if it changed since it
    was recorded. Entry: each account not in its recorded rules.
    """
    now, before = request.document, request.recorded_document
    if now is None:
        return frozenset()
    if now.is_standalone and before is not None and before.account_id != now.account_id:
        return frozenset({now.account_id} - {""})
    if not now.is_entry or (before is None and request.target_state.current is not None):
        return frozenset()
    # An entry with a first account_id takes no account from another environment.
    own = frozenset({now.account_id}) if before is not None and not before.account_id else frozenset()
    return now.all_accounts - own - (before.all_accounts if before is not None else frozenset())


def _find_owners(
    request: Request, now: RulesDocument, accounts: frozenset[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """Return pipeline environments by their recorded account, and the environments with unreadable documents. An entry
    may share its account with an environment without approvals or protection, and with a former entry.
    """
    owners: dict[str, list[str]] = {}
    unknown, entered = [], set[str]()
    for name, there in request.present.environments.items():
        found = request.documents.get(there.rules.digest) if there.rules else None
        if name == request.target or there.rules is None:
            continue
        if found is None:
            unknown.append(name)
        elif found.is_entry:
            entered.add(found.account_id)
        elif found.account_id in accounts and not found.is_standalone and (now.is_standalone or is_guarded(found)):
            owners.setdefault(found.account_id, []).append(name)
    if now.is_entry:
        owners = {account: names for account, names in owners.items() if account not in entered}
    return owners, unknown


def _warn_of_reset(request: Request) -> Refusal | None:
    reset, recorded = request.target_state.rules_reset, request.target_state.rules
    if reset is None or recorded is None:
        return None
    due = reset.at + RESET_DELAY
    since = f"ended at {due:%Y-%m-%d %H:%M} UTC" if is_reset_due(request) else f"end at {due:%Y-%m-%d %H:%M} UTC"
    message = (
        f"{reset.by} reset the rules of {request.target} on {reset.at:%Y-%m-%d}: {reset.reason}; the"
        f" recorded rules {since} ({format_duration(RESET_DELAY)} after the reset)"
    )
    hint = format_command("rules reset", request.target, withdraw=True)
    return Refusal(GuardCode.RULES, message=message, hint=hint, since=reset.at, warns=True)


def _warn_of_first_record(request: Request) -> Refusal | None:
    """Return a warning with the rules about to be recorded for the first time."""
    document = request.document
    if document is None or document.is_entry or not can_record_rules(request):
        return None
    if request.target_state.rules is not None or request.target_state.current is None:
        return None
    told = "; ".join(map(str, list_rule_lines(document)))
    message = f"the rules of {request.target} are recorded for the first time: {told}"
    return Refusal(GuardCode.RULES, message=message, hint=format_command("rules", request.target), warns=True)


def _refuse_rules(message: str, hint: str, *, for_now: bool = False) -> Refusal:
    return Refusal(GuardCode.RULES, message=message, hint=hint, for_now=for_now, waivable=False)


def list_views(request: Request) -> tuple[Request, ...]:
    """Return the request under the rules of the tree, and under the recorded rules if they differ and are binding. A
    first deployment has no recorded rules: the rules of environments with the same account apply in their place.
    """
    recorded, counting = request.target_state.rules, find_binding_document(request)
    if recorded is not None and counting is not None:
        when = f"on {recorded.at:%Y-%m-%d} (entry {recorded.started})"
        others = [(counting, f"by the rules of {request.target} recorded {when}")]
    else:
        others = []
        for owner in find_account_owners(request):
            is_shared = request.document is not None and request.document.account_id == owner.account_id
            how = "in the same account" if is_shared else f"the owner of account {owner.account_id}"
            others.append((owner, f"by the rules of {owner.environment}, {how}"))
    views = [request]
    for document, whose in others:
        accounts = tuple(account for account in request.other_accounts if account in document.all_accounts)
        views.append(replace(request, rules=to_rules(document), other_accounts=accounts, whose_rules=whose))
    return tuple(views)


def find_account_owners(request: Request) -> tuple[RulesDocument, ...]:
    """Return the rules of guarded environments with an account of the target, before its first deployment. They keep
    the requirements of an account in force for an environment with a new name, or outside the pipeline.
    """
    if request.document is None or not can_take_account(request):
        return ()
    accounts = request.document.all_accounts
    found = (_find_document(request, name) for name in sorted(request.present.environments))
    return tuple(
        each for each in found if each and each.account_id in accounts and is_guarded(each) and not each.is_entry
    )


def _find_document(request: Request, environment: str) -> RulesDocument | None:
    """Return the recorded document of another environment; the one of the tree if no rules were recorded."""
    there = request.present.find_environment(environment)
    if environment == request.target or (there.rules is None and there.current is None):
        return None
    if there.rules is not None:
        return request.documents.get(there.rules.digest)
    return next((each for each in request.documents.values() if each.environment == environment), None)


def can_take_account(request: Request) -> bool:
    """Check if the target may take over an account of other environments.

    True for a target without recorded rules, unless it is an entry or was deployed before rules were recorded.
    Break-glass and partial deployments record no rules.
    """
    now, here = request.document, request.target_state
    if now is None or not now.all_accounts or now.is_entry or here.rules is not None:
        return False
    return here.began_with_rules or here.current is None


def is_guarded(document: RulesDocument) -> bool:
    """Check if the rules require approvals, or protect the environment."""
    asked = to_rules(document)
    return asked.protected or bool(asked.approvals)


def list_ignored_drift(request: Request, by_tree: Iterable[str]) -> tuple[str, ...]:
    """Return the tree's ignore rules that a binding recorded document has too. Empty if it is missing or damaged."""
    counting = find_binding_document(request)
    if counting is None:
        return () if is_document_missing(request) else tuple(by_tree)
    ignored = counting.content.get("drift", {}).get("ignore", ())
    return tuple(each for each in by_tree if each in ignored)


def merge_answers(answers: Iterable[tuple[Refusal | None, str]]) -> Refusal | None:
    """Merge the answers of one guard into one refusal: each with the origin of its rules, that of the tree first."""
    (joined, _), *others = answers
    for answer, whose in others:
        joined = _merge_refusals(joined, answer, whose)
    return joined


def is_document_missing(request: Request) -> bool:
    """Check if a required recorded document is missing or damaged: it never counts as empty rules."""
    recorded = request.target_state.rules
    if recorded is None or recorded.digest == request.rules_digest or is_reset_due(request):
        return False
    return request.document is None or request.recorded_document is None


def find_binding_document(request: Request) -> RulesDocument | None:
    """Return the recorded document, if it differs from the tree and is still binding; None otherwise."""
    recorded, found = request.target_state.rules, request.recorded_document
    if recorded is None or found is None or recorded.digest == request.rules_digest:
        return None
    # In the entry, branches differ. The recorded document decides if it is the entry, not the tree.
    if found.is_entry or can_replace_rules(request, to_rules(found)):
        return None
    return found


def has_new_rules(request: Request) -> bool:
    """Check if success replaces the recorded rules by those of the tree."""
    found = request.recorded_document
    if found is None or found.is_entry or not can_record_rules(request):
        return False
    return found.digest != request.rules_digest


def can_replace_rules(request: Request, recorded: Rules) -> bool:
    """Check if the rules of the tree may replace the recorded ones: by approvals, or by a reset after its delay."""
    return is_reset_due(request) or not any(count_missing_rules_approvals(request, recorded).values())


def is_reset_due(request: Request) -> bool:
    """Check if the recorded rules were reset, and the delay is over."""
    reset, found = request.target_state.rules_reset, request.recorded_document
    if reset is None or request.now - reset.at < RESET_DELAY:
        return False
    signers = to_rules(found).signers if found else frozenset()
    return not signers or reset.key in signers


def count_missing_rules_approvals(request: Request, recorded: Rules) -> Mapping[str, int]:
    """Return the number of missing approvals of the new rules, for each gate of the recorded rules. Recorded rules
    without gates need one statement by any person.
    """
    given = [each for each in list_rules_approvals(request) if _is_valid_approval(request, recorded, each)]
    authors = () if recorded.self_approval else list_rules_authors(request)
    if not recorded.approvals:
        return {"": 0 if given else 1}
    return {
        gate: max(0, count - count_people(authors, [each.by for each in given if each.gate == gate]))
        for gate, count in recorded.approvals.items()
    }


def list_rules_approvals(request: Request) -> tuple[RulesApproval, ...]:
    """Return all approvals of the rules of the tree in place of the recorded rules."""
    bound = (request.recorded_digest, request.rules_digest)
    return tuple(each for each in request.target_state.rules_approvals if (each.recorded, each.rules) == bound)


def _is_valid_approval(request: Request, recorded: Rules, approval: RulesApproval) -> bool:
    patterns = recorded.list_approver_patterns(approval.gate)
    if recorded.signers and approval.key not in recorded.signers:
        return False
    if recorded.expires is not None and not approval.at <= request.now <= approval.at + recorded.expires:
        return False
    # Without gates, a statement of the change is enough.
    is_own = any(is_same_person(approval.by, each) for each in request.acting_people)
    is_own = is_own or is_only_author(list_rules_authors(request), approval.by)
    # Anyone may be an unknown author.
    barred = bool(recorded.approvals) and not recorded.self_approval and (is_own or bool(request.unknown_authors))
    return not barred and can_approve_at(patterns, approval.by)


def _merge_refusals(by_tree: Refusal | None, by_record: Refusal | None, whose: str) -> Refusal | None:
    """Merge two answers: a refusal outranks a warning, and equal answers appear once."""
    if by_record is None or by_record == by_tree or (by_tree is not None and by_record.warns):
        return by_tree
    if by_tree is None or by_tree.warns:
        return replace(by_record, message=f"{by_record.message} ({whose})")
    return replace(
        by_tree,
        message=f"{by_tree.message}; {whose}: {by_record.message}",
        for_now=by_tree.for_now and by_record.for_now,
        opens=max(by_tree.opens, by_record.opens) if by_tree.opens and by_record.opens else None,
        waivable=by_tree.waivable and by_record.waivable,
        because=tuple(dict.fromkeys((*by_tree.because, *by_record.because))),
    )


def count_required_approvals(request: Request) -> dict[str, int]:
    """Return the number of required approvals for each gate in either document."""
    return _merge_counts(view.rules.approvals for view in list_views(request))


def count_missing_at_gates(request: Request) -> dict[str, int]:
    """Return the number of missing approvals for each gate in either document."""
    return _merge_counts(map(count_missing_after_stop, list_views(request)))


def count_missing_since(request: Request, moment: datetime) -> dict[str, int]:
    """Return the number of approvals missing since a moment, for each gate in either document."""
    return _merge_counts(plan.count_missing_since(view, moment) for view in list_views(request))


def _merge_counts(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the highest number for each gate."""
    merged: dict[str, int] = {}
    for each in counts:
        for gate, count in each.items():
            merged[gate] = max(count, merged.get(gate, count))
    return merged


def check_stopped_deployment(request: Request) -> Refusal | None:
    """Check the rest of a stopped deployment against both documents, without a plan."""
    views = list_views(request)
    return merge_answers([(plan.check_stopped_deployment(view), view.whose_rules) for view in views])


def describe_approvers(request: Request, gates: Iterable[str]) -> str:
    """Describe the people still able to approve at one of the gates."""
    views = list_views(request)
    lacking = next((view for view in views if any(count_missing_after_stop(view).values())), views[0])
    return approvals.describe_approvers_at(lacking, [gate for gate in gates if gate in lacking.rules.approvals])


def list_valid_in_any_view(request: Request) -> tuple[Approval, ...]:
    """Return the approvals valid under either document."""
    return tuple(dict.fromkeys(each for view in list_views(request) for each in approvals.list_valid_approvals(view)))


def find_barring_view(request: Request, gate: str, actor: Actor) -> Request | None:
    """Return the view barring the actor from approving at the gate; None if any view permits it."""
    views = [view for view in list_views(request) if gate in view.rules.approvals] or list_views(request)[:1]
    for view in views:
        if approvals.can_approve(view, gate, actor) and not is_only_author(list_authors(view), actor):
            return None
    return views[0]


GUARDS = (Guard(GuardCode.RULES, check_rules, reason="its rules conflict with the recorded ones"),)
