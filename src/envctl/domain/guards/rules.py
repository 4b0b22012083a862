"""Guard G112: the rules of the tree and the recorded rules do not contradict each other."""

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import rule_views
from envctl.domain.guards.request import Refusal, Request, can_record_rules
from envctl.domain.rules.changes import list_conflicts, list_rule_lines
from envctl.domain.rules.document import RulesDocument, to_rules
from envctl.domain.text.durations import format_duration
from envctl.domain.text.lists import join_names


def check_rules(request: Request) -> Refusal | None:
    """G112: account, region and position in the pipeline match the recorded rules."""
    refusal = _check_missing_document(request) or _check_taken_account(request)
    if refusal is None and can_record_rules(request):
        refusal = _check_never_recorded(request) or _check_conflicts(request)
    return refusal or _warn_of_reset(request) or _warn_of_first_record(request)


def _check_missing_document(request: Request) -> Refusal | None:
    recorded = request.target_state.rules
    if recorded is None or not rule_views.is_document_missing(request):
        return None
    message = (
        f"the rules that {request.target} was deployed with on {recorded.at:%Y-%m-%d} are missing or damaged in"
        f" the store (rules/{recorded.digest}.json)"
    )
    rules = format_command("rules", request.target)
    hint = f"restore them from a backup of the store, or use envctl.toml of then: {rules}"
    return _refuse_rules(message, hint)


def _check_conflicts(request: Request) -> Refusal | None:
    recorded, before, now = request.target_state.rules, request.recorded_document, request.document
    if recorded is None or before is None or now is None or before.is_entry:
        return None
    conflicts, asked = list_conflicts(before, now), to_rules(before)
    if not conflicts or rule_views.can_replace_rules(request, asked):
        return None
    missing = [gate for gate, count in rule_views.count_missing_rules_approvals(request, asked).items() if count]
    message = (
        f"envctl.toml says of {request.target} what can't hold beside the rules that it was deployed with on"
        f" {recorded.at:%Y-%m-%d} (entry {recorded.started}): {', '.join(conflicts)}"
    )
    lacking = f"; the change lacks approvals at {join_names(missing)}" if missing[0] else ""
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
    message = f"{request.target} took releases from {last.source}, and takes code from the tree by envctl.toml of today"
    hint = (
        f"restore its place in [pipeline], and deploy it once, so that its rules are recorded:"
        f" {format_command('promote', last.source, request.target)}"
    )
    return _refuse_rules(message, hint)


def _check_taken_account(request: Request) -> Refusal | None:
    """Refuse an account already deployed to by another environment, for a standalone environment or an entry."""
    now = request.document
    claimed = list_claimed_accounts(request)
    if now is None or not can_record_rules(request) or not (claimed or rule_views.can_take_account(request)):
        return None
    owners, unknown = _find_owners(request, now, claimed or now.all_accounts)
    if owners and claimed:
        account, names = next(iter(owners.items()))
        has, hint = _describe_claim(request, now, account)
        whose = "it was" if len(names) == 1 else "they were"
        message = f"{has}, which is that of {join_names(names)}"
        return _refuse_rules(f"{message} by the rules that {whose} deployed with", hint)
    if unknown:
        message = f"the rules that {join_names(unknown)} was deployed with are missing or damaged in the store"
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
    hint = f"take {account} out of other_accounts of {target} in envctl.toml, then: {request.command}"
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
        elif (
            found.account_id in accounts
            and not found.is_standalone
            and (now.is_standalone or rule_views.is_guarded(found))
        ):
            owners.setdefault(found.account_id, []).append(name)
    if now.is_entry:
        owners = {account: names for account, names in owners.items() if account not in entered}
    return owners, unknown


def _warn_of_reset(request: Request) -> Refusal | None:
    reset, recorded = request.target_state.rules_reset, request.target_state.rules
    if reset is None or recorded is None:
        return None
    due = reset.at + rule_views.RESET_DELAY
    since = (
        f"count no longer since {due:%Y-%m-%d %H:%M} UTC"
        if rule_views.is_reset_due(request)
        else f"end {due:%Y-%m-%d %H:%M} UTC"
    )
    message = (
        f"{reset.by} reset the rules of {request.target} on {reset.at:%Y-%m-%d}: {reset.reason}; the recorded ones"
        f" {since}, {format_duration(rule_views.RESET_DELAY)} after that"
    )
    hint = format_command("rules reset", request.target, withdraw=True)
    return Refusal(GuardCode.RULES, message, hint, since=reset.at, warns=True)


def _warn_of_first_record(request: Request) -> Refusal | None:
    """Return a warning with the rules about to be recorded for the first time."""
    document = request.document
    if document is None or document.is_entry or not can_record_rules(request):
        return None
    if request.target_state.rules is not None or request.target_state.current is None:
        return None
    told = "; ".join(map(str, list_rule_lines(document)))
    message = f"the rules of {request.target} are recorded for the first time: {told}"
    return Refusal(GuardCode.RULES, message, format_command("rules", request.target), warns=True)


def _refuse_rules(message: str, hint: str, *, for_now: bool = False) -> Refusal:
    return Refusal(GuardCode.RULES, message, hint, for_now=for_now, waivable=False)
