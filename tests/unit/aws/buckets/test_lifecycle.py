"""Old checkpoints and runs go; rules that let go what has to stay are noticed, and those of others are left alone."""

from typing import Any

import pytest

from envctl.domain.aws.bucket_lifecycle import (
    CHECKPOINT_RULE,
    READING_RULE,
    RUN_RULE,
    find_harmful_rules,
    has_missing_rules,
    merge_rules,
)
from tests.unit.aws.buckets.wanted import STATE, STORE

LOGS = {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}}


def expiring(**change: Any) -> dict[str, Any]:
    return {"ID": "all", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 30}, **change}


def test_rules_are_added_once_beside_existing_rules() -> None:
    assert has_missing_rules([LOGS], STORE)
    rules = merge_rules([LOGS], STORE)
    assert [rule["ID"] for rule in rules] == ["logs", CHECKPOINT_RULE, RUN_RULE, READING_RULE]
    folders = ("checkpoints", "runs", "readings")
    assert [rule["Filter"] for rule in rules[1:]] == [{"Prefix": f"envctl/{folder}/"} for folder in folders]
    assert not has_missing_rules(rules, STORE)
    assert merge_rules(rules, STORE) == rules


@pytest.mark.parametrize("number", [0, 1, 2])
def test_disabled_rule_counts_as_missing(number: int) -> None:
    rules = list(merge_rules([], STORE))
    rules[number] = {**rules[number], "Status": "Disabled"}
    assert has_missing_rules(rules, STORE)


def test_older_bucket_gets_the_rule_for_runs() -> None:
    assert has_missing_rules(merge_rules([], STORE)[:1], STORE)
    assert merge_rules(merge_rules([], STORE)[:1], STORE) == merge_rules([], STORE)


THREATS: dict[str, dict[str, Any]] = {
    "it is about everything": expiring(),
    "it is about everything in the old way": {**expiring(Prefix=""), "Filter": None},
    "it is about the whole store": expiring(Filter={"Prefix": "envctl/"}),
    "it is about the ledger": expiring(Filter={"Prefix": "envctl/ledger/"}),
    "it is about part of the releases": expiring(Filter={"Prefix": "envctl/releases/ab"}),
    "it is about large ones": expiring(Filter={"And": {"Prefix": "envctl/", "ObjectSizeGreaterThan": 5}}),
    "it names a day": expiring(Expiration={"Date": "2030-01-01"}),
}


@pytest.mark.parametrize("rule", THREATS.values(), ids=THREATS)
def test_harmful_rule_is_found_where(rule: dict[str, Any]) -> None:
    assert list(find_harmful_rules([LOGS, rule], STORE)) == ["all"]


HARMLESS: dict[str, dict[str, Any]] = {
    "it is about something else": LOGS,
    "it is envctl's own": merge_rules([], STORE)[0],  # type: ignore[dict-item]
    "it is envctl's own for runs": merge_rules([], STORE)[1],  # type: ignore[dict-item]
    "it is off": expiring(Status="Disabled"),
    "it is about a tag": expiring(Filter={"Tag": {"Key": "a", "Value": "b"}}),
    "it is about several tags": expiring(Filter={"And": {"Tags": [{"Key": "a", "Value": "b"}]}}),
    "it removes unfinished": {**expiring(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7}), "Expiration": {}},
    "it removes markers": expiring(Expiration={"ExpiredObjectDeleteMarker": True}),
}


@pytest.mark.parametrize("rule", HARMLESS.values(), ids=HARMLESS)
def test_rule_is_harmless_where(rule: dict[str, Any]) -> None:
    assert list(find_harmful_rules([rule], STORE)) == []


def test_only_expiry_of_current_versions_threatens_state() -> None:
    assert list(find_harmful_rules([expiring(Filter={"Prefix": "dev/"})], STATE)) == ["all"]
    assert (
        list(
            find_harmful_rules(
                [{**expiring(NoncurrentVersionExpiration={"NoncurrentDays": 90}), "Expiration": None}], STATE
            )
        )
        == []
    )
