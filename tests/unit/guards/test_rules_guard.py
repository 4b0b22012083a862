"""G112: what can't hold twice, what is missing, and what is said the first time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from envctl.domain.guards import Refusal, Request, check_guards
from envctl.domain.guards.rules import RESET_DELAY, find_account_owners, list_views
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesRecord, RulesReset
from envctl.domain.ledger.state import EMPTY_ENVIRONMENT
from envctl.domain.rules.document import RulesDocument
from tests.unit.guards.asked import BOB, CAT, HOUR, NOW, R1, deployed, here, ran, with_environment
from tests.unit.guards.test_both_documents import PLAIN, RECORDED_AT, document, gated, ruled_by

ACCOUNT = "333333333333"
OWNED = document(account_id=ACCOUNT, region="eu-west-1")
MOVED = document(account_id="444444444444", region="eu-west-1")
FIRST = RulesDocument("prod", {"order": {"after": []}, "gates": {"approvals": {}}})
BESIDE = RulesDocument("prod", {"order": {"beside": True}, "gates": {"approvals": {}}})


def answered(request: Request) -> Refusal | None:
    told = next((refusal for refusal in check_guards(request) if refusal.code == "G112"), None)
    assert told is None or told.guard == "rules"
    return told


def refused(request: Request) -> str:
    told = answered(request)
    return told.message if told and not told.warns else ""


CONFLICTS: dict[str, tuple[RulesDocument, RulesDocument, str]] = {
    "another account": (MOVED, OWNED, "account 333333333333 -> 444444444444"),
    "another account and region": (
        document(account_id="444444444444", region="us-east-1"),
        OWNED,
        "account 333333333333 -> 444444444444, region eu-west-1 -> us-east-1",
    ),
    "no account": (document(region="eu-west-1"), OWNED, "account 333333333333 -> not set"),
    "another region": (document(account_id=ACCOUNT, region="us-east-1"), OWNED, "region eu-west-1 -> us-east-1"),
    "first in the order": (FIRST, PLAIN, "place in the order: after dev, staging -> the entry"),
    "beside the pipeline": (BESIDE, PLAIN, "place in the order: after dev, staging -> outside the pipeline"),
}


@pytest.mark.parametrize(("tree", "recorded", "what"), CONFLICTS.values(), ids=CONFLICTS.keys())
def test_conflicting_rules_are_refused(tree: RulesDocument, recorded: RulesDocument, what: str) -> None:
    told = answered(ruled_by(tree, recorded))
    assert told is not None
    assert told.message == (f"envctl.toml contradicts the rules of prod recorded on 2026-11-20 (entry 41): {what}")
    assert (told.hint, told.for_now, told.waivable, told.warns) == ("envctl approve prod --rules", True, False, False)


def test_gates_with_missing_rules_approvals_are_named() -> None:
    recorded = document(account_id=ACCOUNT, gates={"approvals": {"peer": 1, "law": 1}})
    told = answered(ruled_by(document(account_id="444444444444"), recorded))
    assert told and told.message.endswith("; the change needs approvals at peer and law")
    assert told.hint == "envctl approve prod --rules --gate peer"


LET_GO: dict[str, Request] = {
    "the same": ruled_by(OWNED, OWNED),
    "a window more": ruled_by(gated(soak="1m"), PLAIN),
    "an account that was not said before": ruled_by(OWNED, PLAIN),
    "recorded where code entered": ruled_by(OWNED, replace(FIRST, content={**FIRST.content, "account_id": "1"})),
    "a rollback": replace(ruled_by(MOVED, OWNED), action="rollback"),
    "a destruction": replace(ruled_by(MOVED, OWNED), action="destroy"),
    "a fix of drift": replace(ruled_by(MOVED, OWNED), action="apply", undoes=True),
    "nothing recorded and nothing deployed": here(ruled_by(MOVED, OWNED), rules=None, current=None, last=None),
    "approved": here(
        ruled_by(MOVED, OWNED), rules_approvals=(RulesApproval("", OWNED.digest, MOVED.digest, CAT, NOW - HOUR),)
    ),
}


@pytest.mark.parametrize("request_", LET_GO.values(), ids=LET_GO.keys())
def test_compatible_rules_pass(request_: Request) -> None:
    assert answered(request_) is None


@pytest.mark.parametrize("action", ["promote", "apply", "rollback", "destroy"])
def test_missing_rules_document_is_refused(action: Any) -> None:
    request = replace(ruled_by(PLAIN, OWNED), action=action, documents={PLAIN.digest: PLAIN})
    told = answered(request)
    assert told is not None
    assert told.message == (
        f"the rules of prod recorded on 2026-11-20 are missing or damaged in the store (rules/{OWNED.digest}.json)"
    )
    assert (
        told.hint == "restore them from a backup of the store, or use the envctl.toml of that date: envctl rules prod"
    )
    assert (told.waivable, told.for_now) == (False, False)
    assert refused(replace(request, document=None))
    # The tree that has the very same rules has the document.
    assert answered(replace(ruled_by(OWNED, OWNED), action=action, documents={})) is None
    gone = RulesReset(50, OWNED.digest, BOB, NOW - RESET_DELAY, "gone")
    assert not refused(here(request, rules_reset=gone))


def before_rules(tree: RulesDocument, **more: Any) -> Request:
    done = deployed(**{"action": "promote", "source": "staging", **more})
    return here(ruled_by(tree, PLAIN), rules=None, current=done, last=done)


def test_promoted_environment_is_no_entry_without_record() -> None:
    message = "prod took releases from staging, but envctl.toml now lets it take code from the working tree"
    hint = "restore its place in [pipeline], and deploy it once to record its rules: envctl promote staging prod"
    for tree in (FIRST, BESIDE):
        told = answered(before_rules(tree))
        assert told and (told.message, told.hint, told.waivable) == (message, hint, False)
        assert refused(here(before_rules(tree), current=None)) == message
        assert not refused(replace(before_rules(tree), action="rollback"))
    assert not refused(before_rules(PLAIN))
    assert not refused(before_rules(FIRST, source=""))
    assert not refused(replace(before_rules(FIRST), document=None))


def test_first_deployment_reports_its_rules() -> None:
    told = answered(before_rules(PLAIN))
    assert told and told.warns
    assert told.message == (
        "the rules of prod are recorded for the first time: place: after dev, staging; approvals: none"
    )
    assert told.hint == "envctl rules prod"
    assert answered(replace(before_rules(PLAIN), action="rollback")) is None
    assert answered(replace(before_rules(PLAIN), document=None)) is None
    entry = here(ruled_by(FIRST, FIRST), rules=None, current=deployed(), last=deployed())
    assert answered(entry) is None


def owned_by(name: str, owner: RulesDocument, request: Request) -> Request:
    known = {**request.documents, owner.digest: owner}
    record = RulesRecord(owner.digest, 12, RECORDED_AT)
    return replace(with_environment(request, name, replace(ran(R1), rules=record)), documents=known)


def beside(account: str = ACCOUNT) -> RulesDocument:
    return RulesDocument("prod", {"order": {"beside": True}, "account_id": account})


def entry(account: str = ACCOUNT) -> RulesDocument:
    return RulesDocument("prod", {"order": {"after": []}, "account_id": account})


def unrecorded(tree: RulesDocument) -> Request:
    return replace(with_environment(ruled_by(tree, PLAIN), "prod", EMPTY_ENVIRONMENT), action="apply", source=None)


STAGING = RulesDocument("staging", {"order": {"after": ["dev"]}, "account_id": ACCOUNT, "gates": {"approvals": {}}})
GUARDED = replace(STAGING, content={**STAGING.content, "gates": {"approvals": {"peer": 1}}})
PROTECTED = replace(STAGING, content={**STAGING.content, "protected": True})
ORG = RulesDocument("staging", {"order": {"beside": True}, "account_id": ACCOUNT})
FIRST_THERE = RulesDocument("dev", {"order": {"after": []}, "account_id": ACCOUNT})
TAKEN: dict[str, tuple[Request, bool]] = {
    "beside, and new": (owned_by("staging", STAGING, unrecorded(beside())), False),
    "beside, and had another one": (owned_by("staging", STAGING, ruled_by(beside(), beside("1"))), True),
    "beside, and had none": (owned_by("staging", STAGING, ruled_by(beside(), beside(""))), True),
    "beside, and had it": (owned_by("staging", STAGING, ruled_by(replace(beside(), environment="x"), beside())), False),
    "beside, and another one": (owned_by("staging", STAGING, unrecorded(beside("1"))), False),
    "beside, and that of another one beside": (owned_by("staging", ORG, unrecorded(beside())), False),
    "beside, without an account": (owned_by("staging", STAGING, unrecorded(beside(""))), False),
    "beside, to go back": (replace(owned_by("staging", STAGING, unrecorded(beside())), action="rollback"), False),
    "the entry takes a guarded one, to go back": (
        replace(owned_by("staging", GUARDED, ruled_by(entry(), entry("1"))), action="rollback"),
        False,
    ),
    "beside, and has none any more, as it was approved": (
        owned_by(
            "staging",
            replace(STAGING, content={"order": {"after": ["dev"]}}),
            here(
                ruled_by(beside(""), beside("1")),
                rules_approvals=(RulesApproval("", beside("1").digest, beside("").digest, CAT, NOW - HOUR),),
            ),
        ),
        False,
    ),
    "the entry takes a guarded one": (owned_by("staging", GUARDED, ruled_by(entry(), entry("1"))), True),
    "the entry takes a protected one": (owned_by("staging", PROTECTED, ruled_by(entry(), entry("1"))), True),
    "the entry shares with what asks for nothing": (owned_by("staging", STAGING, ruled_by(entry(), entry("1"))), False),
    "the entry says its account first": (owned_by("staging", GUARDED, ruled_by(entry(), entry(""))), False),
    "an entry that is new": (owned_by("staging", GUARDED, unrecorded(entry())), True),
    "a new entry of another": (owned_by("dev", FIRST_THERE, owned_by("staging", GUARDED, unrecorded(entry()))), False),
    "a new entry shares with what asks for nothing": (owned_by("staging", STAGING, unrecorded(entry())), False),
    "an entry of before rules were": (here(owned_by("staging", GUARDED, ruled_by(entry(), PLAIN)), rules=None), False),
    "a stage": (owned_by("staging", GUARDED, unrecorded(OWNED)), False),
}


@pytest.mark.parametrize(("request_", "is_refused"), TAKEN.values(), ids=TAKEN.keys())
def test_account_of_another_environment_is_refused(request_: Request, *, is_refused: bool) -> None:
    message = refused(request_)
    wanted = f"prod has the account {ACCOUNT}; by the recorded rules, it belongs to staging"
    assert message == wanted if is_refused else "it belongs to" not in message
    if is_refused:
        told = answered(request_)
        assert told and told.hint == f"give prod an account of its own in envctl.toml, then: {request_.command}"


def names(tree: RulesDocument, *accounts: str) -> RulesDocument:
    return replace(tree, content={**tree.content, "other_accounts": list(accounts)})


NAMED: dict[str, tuple[Request, bool]] = {
    "the entry names gates": (owned_by("staging", GUARDED, ruled_by(names(entry("1"), ACCOUNT), entry("1"))), True),
    "an entry of none names one": (owned_by("staging", GUARDED, ruled_by(names(entry(""), ACCOUNT), entry(""))), True),
    "a new entry names one": (owned_by("staging", GUARDED, unrecorded(names(entry("1"), ACCOUNT))), True),
    "the entry named it before": (
        owned_by("staging", GUARDED, ruled_by(names(entry("1"), ACCOUNT, "2"), names(entry("1"), ACCOUNT))),
        False,
    ),
    "the entry names a free one": (
        owned_by("staging", STAGING, ruled_by(names(entry("1"), ACCOUNT), entry("1"))),
        False,
    ),
    "the entry names one beside": (owned_by("staging", ORG, ruled_by(names(entry("1"), ACCOUNT), entry("1"))), False),
}


@pytest.mark.parametrize(("request_", "is_refused"), NAMED.values(), ids=NAMED.keys())
def test_entry_names_no_account_of_another_environment(request_: Request, *, is_refused: bool) -> None:
    told = answered(request_)
    assert (told is not None) is is_refused
    if told is not None:
        assert told.message == (
            f"prod names the account {ACCOUNT} in other_accounts; by the recorded rules, it belongs to staging"
        )
        assert told.hint == f"remove {ACCOUNT} from other_accounts of prod in envctl.toml, then: {request_.command}"


PEER = {"approvals": {"peer": 1}}
TOLD = {"began_with_rules": True, "rules": None}
NEWCOMERS: dict[str, tuple[Request, bool]] = {
    "a new one": (unrecorded(OWNED), True),
    "one where code enters": (unrecorded(entry()), False),
    "one beside the pipeline": (unrecorded(beside()), True),
    "one whose first deployment overrode a guard": (here(ruled_by(OWNED, OWNED), current=deployed(), **TOLD), True),
    "one with gates": (
        here(ruled_by(document(account_id=ACCOUNT, gates=PEER), OWNED), current=deployed(), **TOLD),
        True,
    ),
    "one with rules of its own": (ruled_by(OWNED, PLAIN), False),
    "one of a ledger of before": (here(ruled_by(OWNED, OWNED), rules=None, current=deployed()), False),
    "one without an account": (unrecorded(beside("")), False),
}


@pytest.mark.parametrize(("request_", "is_newcomer"), NEWCOMERS.values(), ids=NEWCOMERS.keys())
def test_new_environment_is_checked_by_account_owner_rules(request_: Request, *, is_newcomer: bool) -> None:
    request = owned_by("staging", GUARDED, request_)
    assert (find_account_owners(request) == (GUARDED,)) is is_newcomer
    assert len(list_views(request)) == 1 + (is_newcomer or request_.recorded_digest not in ("", request.rules_digest))


OWNERS: dict[str, tuple[RulesDocument, str]] = {
    "the same": (OWNED, "in the same account"),
    "a named one": (names(document(account_id="1"), ACCOUNT), f"the owner of account {ACCOUNT}"),
}


@pytest.mark.parametrize(("tree", "how"), OWNERS.values(), ids=OWNERS.keys())
def test_view_names_the_owner_of_the_account(tree: RulesDocument, how: str) -> None:
    _, view = list_views(owned_by("staging", GUARDED, unrecorded(tree)))
    assert view.whose_rules == f"by the rules of staging, {how}"


def test_owner_without_record_uses_tree_rules() -> None:
    deployed_before = replace(unrecorded(OWNED), documents={each.digest: each for each in (OWNED, GUARDED)})
    assert find_account_owners(deployed_before) == (GUARDED,)
    assert find_account_owners(with_environment(deployed_before, "staging", EMPTY_ENVIRONMENT)) == ()


def test_all_account_owners_are_named() -> None:
    request = owned_by(
        "qa", replace(STAGING, environment="qa"), owned_by("staging", STAGING, ruled_by(beside(), beside("1")))
    )
    assert refused(request).endswith("by the recorded rules, it belongs to staging and qa")


def test_owner_with_missing_document_is_unknown() -> None:
    request = replace(owned_by("staging", STAGING, unrecorded(beside())), documents={})
    told = answered(request)
    assert told is not None
    assert (told.message, told.hint) == (
        (
            "the recorded rules of staging are missing or damaged in the store:"
            f" unknown whether {ACCOUNT} is its account"
        ),
        "give prod an account of its own in envctl.toml, then: envctl apply prod",
    )
    assert answered(replace(owned_by("staging", STAGING, unrecorded(beside(""))), documents={})) is None


def test_pending_rules_reset_is_remarked() -> None:
    def asked(ago: timedelta) -> Request:
        return here(ruled_by(PLAIN, OWNED), rules_reset=RulesReset(50, OWNED.digest, BOB, NOW - ago, "they left"))

    told = answered(asked(HOUR))
    assert told is None or told.warns is False  # the region and the account conflict first
    quiet = here(
        ruled_by(gated(soak="1m"), PLAIN), rules_reset=RulesReset(50, PLAIN.digest, BOB, NOW - HOUR, "they left")
    )
    told = answered(quiet)
    assert told and told.warns
    assert told.since == NOW - HOUR
    assert told.message == (
        "bob (unverified) reset the rules of prod on 2026-11-25: they left; the recorded rules end at 2026-12-02"
        " 07:00 UTC (1w after the reset)"
    )
    assert told.hint == "envctl rules reset prod --withdraw"
    due = answered(asked(RESET_DELAY))
    assert due and due.warns
    assert "the recorded rules ended at 2026-11-25 08:00 UTC" in due.message
