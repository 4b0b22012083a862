"""What the project says of an environment, as one document: its digest, its bytes, and what it means."""

import json
from datetime import timedelta
from typing import Any

import pytest

from envctl.domain.config.project import Project
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.rules.changes import list_conflicts, list_differences, list_rule_lines
from envctl.domain.rules.document import (
    MalformedRulesError,
    RulesDocument,
    build_rules_document,
    decode,
    to_rules,
)

THREE = ("dev", "staging", "prod")
WINDOW = {"kind": "allow", "name": "office", "days": ["mon"], "from": "09:00", "to": "17:00", "tz": "Asia/Tokyo"}
# Something of everything that an environment can ask for.
ALL: dict[str, Any] = {
    "account_id": "333333333333",
    "region": "eu-west-1",
    "protected": True,
    "max_destroys": 2,
    "drift": {"ignore": ["aws_x.*.tags", "aws_a.*.tags"]},
    "gates": {
        "approvals": {"peer": 1, "business": 2},
        "reviewers": "peer",
        "self_approval": True,
        "expires": "8h",
        "soak": "24h",
        "max_age": "14d",
        "windows": [WINDOW],
        "waivable": ["soak", "G107"],
        "committed": True,
        "rehearsed": "refuse",
    },
    "allow": {
        "apply": ["github:b", "github:a"],
        "approve": {"peer": ["github:c"]},
        "only_ci": True,
        "machines": ["schedule", "github:x[bot]"],
    },
}
SMOKE = {"kind": "command", "command": ["smoke"]}


def project(prod: dict[str, Any] | None = None, order: tuple[str, ...] = THREE, **more: Any) -> Project:
    tables: dict[str, dict[str, Any]] = {name: {} for name in order} | {"prod": prod or {}}
    return Project.model_validate(
        {
            "project": {"name": "shop"},
            "pipeline": {"order": order},
            "stacks": {"web": {"module": "m"}},
            "environments": tables,
            **more,
        }
    )


def document(prod: dict[str, Any] | None = None, order: tuple[str, ...] = THREE, **more: Any) -> RulesDocument:
    return build_rules_document(project(prod, order, **more), "prod")


WHOLE = document(
    ALL, checks={"smoke": SMOKE}, parity={"may_differ": ["size", "count"]}, protection={"stateful": ["acme_db"]}
)


def test_document_survives_encoding() -> None:
    assert decode(WHOLE.encoded).digest == WHOLE.digest
    again = decode(decode(WHOLE.encoded).encoded)
    assert to_rules(again) == to_rules(decode(WHOLE.encoded))
    assert to_rules(again).approvals == to_rules(WHOLE).approvals


def test_unset_rules_are_not_written() -> None:
    assert json.loads(document().encoded)["said"] == {"order": {"after": ["dev", "staging"]}}


def test_role_provides_the_account_id() -> None:
    role = "arn:aws:iam::333333333333:role/envctl-deployer"
    of_role = document({"assume_role": role})
    assert of_role.account_id == "333333333333"
    assert of_role.digest == document({"account_id": "333333333333"}).digest
    assert list_conflicts(of_role, document({"assume_role": role.replace("3", "4")})) == (
        "account 333333333333 -> 444444444444",
    )


def test_spelling_and_order_keep_the_digest() -> None:
    other = {
        **dict(reversed(ALL.items())),
        "drift": {"ignore": ["aws_a.*.tags", "aws_x.*.tags"]},
        "gates": {**ALL["gates"], "soak": "1d", "max_age": "2w", "waivable": ["window", "G104"]},
        "allow": {**ALL["allow"], "apply": ["github:a", "github:b"]},
    }
    assert document(other).digest == document(ALL).digest


def test_same_rules_are_described_from_any_environment() -> None:
    beside = project(
        ALL,
        environments={"dev": {}, "staging": {}, "prod": ALL, "org": {"pipeline": False}},
        stacks={"web": {"module": "m"}, "org": {"module": "o", "environments": ["org"]}},
    )
    assert build_rules_document(beside.view_for("org"), "prod").digest == build_rules_document(beside, "prod").digest


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "account": ({}, {"account_id": "444444444444"}, "account 333333333333 -> 444444444444"),
    "region": ({}, {"region": "eu-west-2"}, "region eu-west-1 -> eu-west-2"),
    "protected": ({}, {"protected": False}, "protected true -> false"),
    "max_destroys": ({}, {"max_destroys": 3}, "max_destroys 2 -> 3"),
    "approvals": ({}, {"gates": {**ALL["gates"], "approvals": {"peer": 1}}}, "gate business goes"),
    "more approvals": (
        {},
        {"gates": {**ALL["gates"], "approvals": {"peer": 1, "business": 3}}},
        "gate business asks for 2 -> 3",
    ),
    "a new gate": (
        {},
        {"gates": {**ALL["gates"], "approvals": {"peer": 1, "business": 2, "law": 1}}},
        "gate law is new (1)",
    ),
    "soak": ({}, {"gates": {**ALL["gates"], "soak": "1h"}}, "gates.soak 1d -> 1h"),
    "windows": (
        {},
        {"gates": {**ALL["gates"], "windows": []}},
        'allow window "office" (mon 09:00 to 17:00 Asia/Tokyo) goes',
    ),
    "waivable": ({}, {"gates": {**ALL["gates"], "waivable": ["soak"]}}, "gates.waivable G104, G107 -> G104"),
    "only_ci": ({}, {"allow": {**ALL["allow"], "only_ci": False}}, "allow.only_ci true -> false"),
    "who may": ({}, {"allow": {**ALL["allow"], "apply": ["github:a"]}}, "allow.apply github:a, github:b -> github:a"),
    "what may alone": (
        {},
        {"allow": {**ALL["allow"], "machines": []}},
        "allow.machines github:x[bot], schedule -> none",
    ),
    "drift": ({}, {"drift": {"ignore": []}}, "ignored drift aws_a.*.tags, aws_x.*.tags -> none"),
}


@pytest.mark.parametrize(("before", "after", "told"), CHANGES.values(), ids=CHANGES.keys())
def test_rule_change_is_described(before: dict[str, Any], after: dict[str, Any], told: str) -> None:
    old, new = document({**ALL, **before}), document({**ALL, **after})
    assert list_differences(old, new) == (told,)
    assert old.digest != new.digest
    assert list_differences(old, old) == ()


def test_other_gitlab_is_a_change_of_rules() -> None:
    ours, usual = document(ci={"gitlab": "https://git.example.com"}), document()
    assert decode(ours.encoded).content["ci"] == {"gitlab": "https://git.example.com"}
    assert list_differences(usual, ours) == ("GitLab not set -> https://git.example.com",)
    assert list_conflicts(usual, ours) == ()


@pytest.mark.parametrize(
    "allow",
    [
        {"only_ci": True},
        {"apply": ["arn:aws:iam::1:role/x", "gitlab:ann"]},
        {"approve": {"peer": ["gitlab:*"]}},
        {"machines": ["schedule"]},
    ],
    ids=["only jobs", "a user may deploy", "users may approve", "schedules may deploy"],
)
def test_other_gitlab_conflicts_where_it_says_who(allow: dict[str, Any]) -> None:
    usual = document({"allow": allow})
    ours, theirs = (document({"allow": allow}, ci={"gitlab": f"https://{name}.example.com"}) for name in "ab")
    assert list_conflicts(usual, ours) == ("GitLab not set -> https://a.example.com",)
    assert list_conflicts(ours, theirs) == ("GitLab https://a.example.com -> https://b.example.com",)
    assert list_conflicts(ours, ours) == ()
    assert list_conflicts(usual, document({"allow": allow}, ci={"gitlab": "https://gitlab.com"})) == ()


def test_checks_of_the_source_are_included() -> None:
    smoke = document(checks={"smoke": SMOKE})
    assert list_differences(smoke, document()) == ("check smoke goes",)
    assert list_differences(document(), smoke) == ("check smoke is new",)
    other = document(checks={"smoke": {**SMOKE, "command": ["true"]}})
    assert list_differences(smoke, other) == ("check smoke is different",)
    elsewhere = document(checks={"smoke": {**SMOKE, "environments": ["prod"]}})
    assert elsewhere.digest == document().digest
    # Where else it runs does not matter.
    here = document(checks={"smoke": {**SMOKE, "environments": ["staging"]}})
    assert here.digest == smoke.digest


ROLLOUT = {"steps": [10, 100], "wait": "5m", "abort_on": ["alarm:slow", "check:deep"]}
STEPS = "10 %, 100 %, 5m each, stopped by alarm:slow, check:deep"
ROLLOUTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "as it was": ({**ROLLOUT, "wait": "300s", "abort_on": ["check:deep", "alarm:slow"]}, ()),
    "no alarm": (
        {**ROLLOUT, "abort_on": ["check:deep"]},
        (f"rollout of web: {STEPS} -> 10 %, 100 %, 5m each, stopped by check:deep",),
    ),
    "at once": ({"steps": [100], "wait": "5m"}, (f"rollout of web: {STEPS} -> 100 %, 5m each, stopped by nothing",)),
}


def rolled(table: dict[str, Any] | None) -> RulesDocument:
    return document(stacks={"web": {"module": "m"} | ({"rollout": table} if table else {})})


@pytest.mark.parametrize(("table", "told"), ROLLOUTS.values(), ids=ROLLOUTS)
def test_rollout_is_included(table: dict[str, Any], told: tuple[str, ...]) -> None:
    assert list_differences(rolled(ROLLOUT), rolled(table)) == told
    assert (rolled(ROLLOUT).digest == rolled(table).digest) == (not told)


def test_added_and_removed_rollouts_are_described() -> None:
    assert list_differences(rolled(ROLLOUT), rolled(None)) == ("rollout of web goes",)
    assert list_differences(rolled(None), rolled(ROLLOUT)) == (f"rollout of web is new: {STEPS}",)
    assert STEPS in str(list_rule_lines(rolled(ROLLOUT))[-1])
    assert decode(rolled(ROLLOUT).encoded).digest == rolled(ROLLOUT).digest


BESIDE = RulesDocument("prod", {"order": {"beside": True}})
ORDERS: dict[str, tuple[RulesDocument, tuple[str, ...]]] = {
    "as it was": (document(), ()),
    "first": (document(order=("prod", "dev", "staging")), ("place in the order: after dev, staging -> the entry",)),
    "beside": (BESIDE, ("place in the order: after dev, staging -> outside the pipeline",)),
    "it skips": (document(order=("dev", "prod", "staging")), ("place in the order: after dev, staging -> after dev",)),
    "a stage goes": (document(order=("staging", "prod")), ("place in the order: after dev, staging -> after staging",)),
    "stages are turned round": (
        document(order=("staging", "dev", "prod")),
        ("place in the order: after dev, staging -> after staging, dev",),
    ),
    "a stage comes on the way": (document(order=("dev", "qa", "staging", "prod")), ()),
    "a stage comes right before": (
        document(order=("dev", "staging", "qa", "prod")),
        ("place in the order: after dev, staging -> after dev, staging, qa",),
    ),
    "one comes after it": (document(order=("dev", "staging", "prod", "prod-us")), ()),
}


@pytest.mark.parametrize(("after", "conflicts"), ORDERS.values(), ids=ORDERS.keys())
def test_position_in_pipeline_may_conflict(after: RulesDocument, conflicts: tuple[str, ...]) -> None:
    assert list_conflicts(document(), after) == conflicts


def test_newly_set_account_is_no_conflict() -> None:
    said = document({"account_id": "333333333333", "region": "eu-west-1"})
    assert list_conflicts(document(), said) == ()
    assert len(list_conflicts(said, document())) == 2


def test_rules_are_formatted_as_lines() -> None:
    told = tuple(map(str, list_rule_lines(WHOLE)))
    assert told[:2] == ("place: after dev, staging", "approvals: peer 1, business 2")
    assert {"account: 333333333333", "gates.soak: 1d", "check: smoke", "protected: true"} <= set(told)
    assert 'window: allow window "office" (mon 09:00 to 17:00 Asia/Tokyo)' in told


WRONG: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"rules",
    "another format": document().encoded.replace(b'"format":1', b'"format":2'),
    "other bytes for the same": document().encoded.replace(b":", b": "),
    "a key of a newer envctl": RulesDocument("prod", {"order": {}, "quorum": 2}).encoded,
    "a gate of a newer envctl": RulesDocument("prod", {"order": {}, "gates": {"quorum": 2}}).encoded,
    "a window of a newer envctl": RulesDocument("prod", {"order": {}, "gates": {"windows": [{"moon": 1}]}}).encoded,
    "no place in the order": RulesDocument("prod", {}).encoded,
    "a table that is none": RulesDocument("prod", {"order": {}, "gates": 3}).encoded,
    "a duration that is none": RulesDocument("prod", {"order": {}, "gates": {"soak": "long"}}).encoded,
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG.keys())
def test_unreadable_document_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedRulesError):
        decode(data)


def test_unknown_and_never_waivable_guards_are_dropped() -> None:
    old = RulesDocument("prod", {"order": {}, "gates": {"waivable": ["G112", "G104", "G999"]}})
    assert to_rules(old).waivable == (GuardCode.SOAK,)


def test_durations_are_parsed() -> None:
    assert to_rules(WHOLE).soak == timedelta(days=1)
    assert to_rules(document()).expires is None


def test_other_issuer_of_github_is_a_change_of_rules() -> None:
    ours, usual = document(ci={"github": "https://git.example.com/_services/token"}), document()
    assert decode(ours.encoded).content["ci"] == {"github": "https://git.example.com/_services/token"}
    assert list_differences(usual, ours) == ("issuer of GitHub not set -> https://git.example.com/_services/token",)
    assert list_conflicts(usual, ours) == ()


@pytest.mark.parametrize(
    "allow", [{"only_ci": True}, {"apply": ["github:ann"]}, {"approve": {"peer": ["github-team:acme/ops"]}}], ids=str
)
def test_other_issuer_of_github_conflicts_where_it_says_who(allow: dict[str, Any]) -> None:
    usual = document({"allow": allow})
    ours = document({"allow": allow}, ci={"github": "https://git.example.com/x"})
    assert list_conflicts(usual, ours) == ("issuer of GitHub not set -> https://git.example.com/x",)


def test_other_environment_of_github_is_a_change_of_rules() -> None:
    usual, ours = document(), document(ci={"github": {"environments": {"prod": "production"}}})
    assert decode(ours.encoded).content["ci"] == {"github_environment": "production"}
    assert list_differences(usual, ours) == ("environment of GitHub whose reviewers count not set -> production",)
    assert list_conflicts(usual, ours) == ()
    (line,) = (each for each in list_rule_lines(ours) if each.value == "production")
    assert line.path == ("ci", "github", "environments")


def test_environment_of_github_of_another_is_no_rule() -> None:
    assert document(ci={"github": {"environments": {"staging": "stage"}}}).digest == document().digest
