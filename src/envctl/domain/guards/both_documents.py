"""Both documents count: every guard is asked with the rules of the tree, and with those that were recorded.

A deployment has to satisfy both. Neither is weaker or stronger: what only one of them asks for is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from envctl.domain.guards.request import Check, Refusal, Request, changes_rules
from envctl.domain.people import may_at_gate
from envctl.domain.persons import is_person, is_same_person, list_people
from envctl.domain.recorded_rules import RulesApproval, RulesRecord
from envctl.domain.rules import Rules
from envctl.domain.rules_document import RulesDocument, rules_of

RESET_DELAY = timedelta(days=7)


def list_views(request: Request) -> tuple[Request, ...]:
    """The request by the rules of the tree, and by the recorded ones where they are others and count. At its first
    deployment an environment has none: there those count of the environments whose account it has or names.
    """
    recorded, counting = request.here.rules, find_counting_document(request)
    if recorded is not None and counting is not None:
        return (request, _view(request, counting, describe_recorded(request.target, recorded)))
    return (request, *(_view(request, each, describe_owner(request, each)) for each in find_owners(request)))


def _view(request: Request, document: RulesDocument, whose: str) -> Request:
    accounts = tuple(account for account in request.other_accounts if account in document.accounts)
    return replace(request, rules=rules_of(document), other_accounts=accounts, whose_rules=whose)


def find_owners(request: Request) -> tuple[RulesDocument, ...]:
    """The documents of guarded environments whose account the target has or names, where it was never deployed: under
    another name, or beside the pipeline, what is asked for in an account would be asked for no more.
    """
    if request.document is None or not takes_account(request):
        return ()
    accounts = request.document.accounts
    found = (_find_document(request, name) for name in sorted(request.present.environments))
    return tuple(
        each for each in found if each and each.account_id in accounts and is_guarded(each) and not each.is_entry
    )


def _find_document(request: Request, environment: str) -> RulesDocument | None:
    """The recorded document of another environment; the tree's where that was deployed before rules were recorded."""
    there = request.present.of(environment)
    if environment == request.target or (there.rules is None and there.current is None):
        return None
    if there.rules is not None:
        return request.documents.get(there.rules.digest)
    return next((each for each in request.documents.values() if each.environment == environment), None)


def takes_account(request: Request) -> bool:
    """Whether the target may come into an account of others: no deployment there has recorded rules of its own yet, and
    it is not where code enters. One that overrides a guard, or is of some stacks only, records none. What was deployed
    before rules were recorded at all is there already.
    """
    now, here = request.document, request.here
    if now is None or not now.accounts or now.is_entry or here.rules is not None:
        return False
    return here.began_with_rules or here.current is None


def is_guarded(document: RulesDocument) -> bool:
    """Whether it asks for people, or protects what is there."""
    asked = rules_of(document)
    return asked.protected or bool(asked.approvals)


def describe_owner(request: Request, document: RulesDocument) -> str:
    is_shared = request.document is not None and request.document.account_id == document.account_id
    how = "which has the same account" if is_shared else f"whose account {document.account_id} it names"
    return f"by the rules of {document.environment}, {how}"


def list_ignored_drift(request: Request, by_tree: Iterable[str]) -> tuple[str, ...]:
    """Those of the tree's rules of ignored drift that the recorded document has too, where it counts; none where it is
    missing or damaged.
    """
    counting = find_counting_document(request)
    if counting is None:
        return () if lacks_document(request) else tuple(by_tree)
    ignored = counting.said.get("drift", {}).get("ignore", ())
    return tuple(each for each in by_tree if each in ignored)


def check_twice(check: Check, views: Sequence[Request]) -> Refusal | None:
    """What a guard says of all views, as one refusal."""
    joined = check(views[0])
    for view in views[1:]:
        joined = _join(joined, check(view), view.whose_rules)
    return joined


def find_recorded_document(request: Request) -> RulesDocument | None:
    """The recorded document; None where there is none, or where it could not be read."""
    recorded = request.here.rules
    return request.documents.get(recorded.digest) if recorded else None


def lacks_document(request: Request) -> bool:
    """Whether a recorded document that has to be satisfied is missing or damaged: that never reads as no rules."""
    recorded = request.here.rules
    if recorded is None or recorded.digest == request.rules_digest or is_reset(request):
        return False
    return request.document is None or find_recorded_document(request) is None


def find_counting_document(request: Request) -> RulesDocument | None:
    """The recorded document, where it is another one than the tree's and has to be satisfied as well."""
    recorded, found = request.here.rules, find_recorded_document(request)
    if recorded is None or found is None or recorded.digest == request.rules_digest:
        return None
    # Branches differ where code enters. Whether it enters there, the recorded document says, and not the tree.
    if found.is_entry or is_replaced(request, rules_of(found)):
        return None
    return found


def brings_other_rules(request: Request) -> bool:
    """Whether the tree's rules are others than the recorded ones, and are recorded once it has succeeded."""
    found = find_recorded_document(request)
    return found is not None and found.digest != request.rules_digest and not found.is_entry and changes_rules(request)


def is_replaced(request: Request, recorded: Rules) -> bool:
    """Whether the tree's rules may take the place of the recorded ones: by approvals, or by a reset that is due."""
    return is_reset(request) or not any(count_missing_rules_approvals(request, recorded).values())


def is_reset(request: Request) -> bool:
    """Whether the recorded rules were reset, and the delay is over."""
    reset = request.here.rules_reset
    return reset is not None and request.now - reset.at >= RESET_DELAY


def count_missing_rules_approvals(request: Request, recorded: Rules) -> Mapping[str, int]:
    """For each gate of the recorded rules, how many approvals of the tree's rules are missing. Where they have no gate,
    one person has to say it.
    """
    given = [each for each in list_rules_approvals(request) if _counts(request, recorded, each)]
    if not recorded.approvals:
        return {"": 0 if given else 1}
    return {
        gate: max(0, count - len(list_people([each.by for each in given if each.gate == gate])))
        for gate, count in recorded.approvals.items()
    }


def list_rules_approvals(request: Request) -> tuple[RulesApproval, ...]:
    """Those of the tree's rules in place of the recorded ones, by whomever."""
    bound = (request.recorded_digest, request.rules_digest)
    return tuple(each for each in request.here.rules_approvals if (each.recorded, each.rules) == bound)


def describe_recorded(target: str, recorded: RulesRecord) -> str:
    return f"by the rules that {target} was deployed with on {recorded.at:%Y-%m-%d} (entry {recorded.started})"


def _counts(request: Request, recorded: Rules, approval: RulesApproval) -> bool:
    patterns = recorded.who_approves(approval.gate)
    if recorded.expires is not None and not approval.at <= request.now <= approval.at + recorded.expires:
        return False
    # Where nobody is asked for, it is enough that the change is said.
    is_own = is_same_person(approval.by, request.actor) or is_person(approval.by, request.wrote_rules)
    barred = bool(recorded.approvals) and not recorded.self_approval and is_own
    return not barred and may_at_gate(patterns, approval.by)


def _join(by_tree: Refusal | None, by_record: Refusal | None, whose: str) -> Refusal | None:
    """Both answers as one: what refuses counts more than what only warns, and the same is said once."""
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
