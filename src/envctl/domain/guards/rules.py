"""G112: that the tree's rules and those that were recorded can hold for one deployment."""

from envctl.domain.durations import spelt
from envctl.domain.enumeration import listed
from envctl.domain.guards.both_documents import (
    RESET_DELAY,
    count_missing_rules_approvals,
    find_recorded_document,
    is_guarded,
    is_replaced,
    is_reset,
    lacks_document,
    takes_account,
)
from envctl.domain.guards.request import Refusal, Request, changes_rules
from envctl.domain.rules_changes import describe_rules_in_words, list_conflicts
from envctl.domain.rules_document import RulesDocument, rules_of


def rules(request: Request) -> Refusal | None:
    """G112: what can't hold twice (the account, the region, the place in the order) is as it was recorded."""
    refusal = _check_missing(request) or _check_taken_account(request)
    if refusal is None and changes_rules(request):
        refusal = _check_never_recorded(request) or _check_conflicts(request)
    return refusal or _remark_reset(request) or _remark_first(request)


def _check_missing(request: Request) -> Refusal | None:
    recorded = request.here.rules
    if recorded is None or not lacks_document(request):
        return None
    message = (
        f"the rules that {request.target} was deployed with on {recorded.at:%Y-%m-%d} are missing or damaged in"
        f" the store (rules/{recorded.digest}.json)"
    )
    hint = f"restore them from a backup of the store, or take envctl.toml of then: envctl rules {request.target}"
    return _refuse(message, hint)


def _check_conflicts(request: Request) -> Refusal | None:
    recorded, before, now = request.here.rules, find_recorded_document(request), request.document
    if recorded is None or before is None or now is None or before.is_entry:
        return None
    conflicts, asked = list_conflicts(before, now), rules_of(before)
    if not conflicts or is_replaced(request, asked):
        return None
    missing = [gate for gate, count in count_missing_rules_approvals(request, asked).items() if count]
    where = f" --gate {missing[0]}" if missing[0] else ""
    message = (
        f"envctl.toml says of {request.target} what can't hold beside the rules that it was deployed with on"
        f" {recorded.at:%Y-%m-%d} (entry {recorded.started}): {', '.join(conflicts)}"
    )
    lacking = f"; the change lacks approvals at {listed(missing)}" if missing[0] else ""
    return _refuse(f"{message}{lacking}", f"envctl approve {request.target} --rules{where}", for_now=True)


def _check_never_recorded(request: Request) -> Refusal | None:
    """What came by promotion before rules were recorded is no entry, whatever the tree says today."""
    last = request.here.current or request.here.last
    if request.here.rules is not None or last is None or not last.source:
        return None
    if request.document is None or not (request.document.is_entry or request.document.is_beside):
        return None
    message = f"{request.target} took releases from {last.source}, and takes code from the tree by envctl.toml of today"
    hint = (
        f"restore its place in [pipeline], and deploy it once, so that its rules are recorded:"
        f" envctl promote {last.source} {request.target}"
    )
    return _refuse(message, hint)


def _check_taken_account(request: Request) -> Refusal | None:
    """An account that another environment was deployed to is none for an environment beside the pipeline that had an
    account of its own, nor one that code may enter.
    """
    now = request.document
    claimed = list_claimed_accounts(request)
    if now is None or not changes_rules(request) or not (claimed or takes_account(request)):
        return None
    owners, unknown = _find_owners(request, now, claimed or now.accounts)
    hint = f"give {request.target} an account of its own in envctl.toml, then: {request.command}"
    if owners and claimed:
        account, names = next(iter(owners.items()))
        has, hint = _describe_claim(request, now, account)
        whose = "it was" if len(names) == 1 else "they were"
        message = f"{has}, which is that of {listed(names)}"
        return _refuse(f"{message} by the rules that {whose} deployed with", hint)
    if unknown:
        message = f"the rules that {listed(unknown)} was deployed with are missing or damaged in the store"
        accounts = listed(sorted(claimed or now.accounts))
        return _refuse(f"{message}: unknown whether {accounts} is its account", hint)
    return None


def _describe_claim(request: Request, now: RulesDocument, account: str) -> tuple[str, str]:
    """What envctl.toml says, and what to write in its place."""
    target = request.target
    if account == now.account_id:
        hint = f"give {target} an account of its own in envctl.toml, then: {request.command}"
        return f"{target} has the account {account}", hint
    hint = f"take {account} out of other_accounts of {target} in envctl.toml, then: {request.command}"
    return f"{target} names the account {account} in other_accounts", hint


def list_claimed_accounts(request: Request) -> frozenset[str]:
    """The accounts of the target that may be those of no other environment: beside the pipeline another one than the
    recorded one; where code enters each that no recorded entry had.
    """
    now, before = request.document, find_recorded_document(request)
    if now is None:
        return frozenset()
    if now.is_beside and before is not None and before.account_id != now.account_id:
        return frozenset({now.account_id} - {""})
    if not now.is_entry or (before is None and request.here.current is not None):
        return frozenset()
    # An entry that says its account for the first time takes none from another environment.
    own = frozenset({now.account_id}) if before is not None and not before.account_id else frozenset()
    return now.accounts - own - (before.accounts if before is not None else frozenset())


def _find_owners(
    request: Request, now: RulesDocument, accounts: frozenset[str]
) -> tuple[dict[str, list[str]], list[str]]:
    """By account, the environments of the pipeline that the recorded documents give it to; and those whose document
    can't be read. An entry may share one with what asks for nothing, and one that code entered already.
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
        elif found.account_id in accounts and not found.is_beside and (now.is_beside or is_guarded(found)):
            owners.setdefault(found.account_id, []).append(name)
    if now.is_entry:
        owners = {account: names for account, names in owners.items() if account not in entered}
    return owners, unknown


def _remark_reset(request: Request) -> Refusal | None:
    reset, recorded = request.here.rules_reset, request.here.rules
    if reset is None or recorded is None:
        return None
    due = reset.at + RESET_DELAY
    since = f"count no longer since {due:%Y-%m-%d %H:%M} UTC" if is_reset(request) else f"end {due:%Y-%m-%d %H:%M} UTC"
    message = (
        f"{reset.by} reset the rules of {request.target} on {reset.at:%Y-%m-%d}: {reset.reason}; the recorded ones"
        f" {since}, {spelt(RESET_DELAY)} after that"
    )
    hint = f"envctl rules reset {request.target} --withdraw"
    return Refusal("G112", "rules", message, hint, since=reset.at, warns=True)


def _remark_first(request: Request) -> Refusal | None:
    """Of an environment that was deployed before rules were recorded: what is recorded now."""
    document = request.document
    if document is None or document.is_entry or request.here.rules is not None or request.here.current is None:
        return None
    if not changes_rules(request):
        return None
    told = "; ".join(describe_rules_in_words(document))
    message = f"the rules of {request.target} are recorded for the first time: {told}"
    return Refusal("G112", "rules", message, f"envctl rules {request.target}", warns=True)


def _refuse(message: str, hint: str, *, for_now: bool = False) -> Refusal:
    return Refusal("G112", "rules", message, hint, for_now=for_now, waivable=False)
