"""The lifecycle of a bucket: old checkpoints and runs go by themselves, and nothing else of a store or a state may."""

from collections.abc import Iterator, Sequence

from envctl.domain.aws.buckets import Rule, WantedBucket
from envctl.domain.ledger import runs_folder

CHECKPOINTS = "checkpoints/"
NAME = "envctl-old-checkpoints"
OLD_DAYS = 365
"""Reading begins at the newest checkpoint. Where all have gone it begins at the first entry, which is slow, and right.
"""
RUNS = runs_folder.FOLDER
RUNS_NAME = "envctl-old-runs"
RUN_DAYS = runs_folder.KEPT.days + 1
"""Older ones are not looked for any more."""
GONE_DAYS = 30
SAID = f"checkpoints go after {OLD_DAYS} days and runs after {RUN_DAYS}, and their versions when their lock has ended"


def merged(rules: Sequence[Rule], wanted: WantedBucket) -> tuple[Rule, ...]:
    """Those of others, and those of envctl."""
    own = _own(wanted)
    names = {rule["ID"] for rule in own}
    return (*(rule for rule in rules if rule.get("ID") not in names), *own)


def lacks(rules: Sequence[Rule], wanted: WantedBucket) -> bool:
    there = [_told(rule) for rule in rules]
    return any(rule not in there for rule in _own(wanted))


def threats(rules: Sequence[Rule], wanted: WantedBucket) -> Iterator[str]:
    """Rules that let go what has to stay: entries and releases, or states."""
    kept = [_below(wanted, folder) for folder in ("ledger/", "releases/")] if wanted.purpose == "store" else [""]
    for rule in rules:
        if rule.get("Status") != "Enabled" or not _expires(rule) or _narrowed(rule):
            continue
        prefix = _prefix(rule)
        if any(each.startswith(prefix) or prefix.startswith(each) for each in kept):
            yield str(rule.get("ID") or prefix or "without a name")


def _own(wanted: WantedBucket) -> tuple[Rule, ...]:
    return _rule(wanted, NAME, CHECKPOINTS, OLD_DAYS), _rule(wanted, RUNS_NAME, RUNS, RUN_DAYS)


def _rule(wanted: WantedBucket, name: str, folder: str, days: int) -> Rule:
    return {
        "ID": name,
        "Status": "Enabled",
        "Filter": {"Prefix": _below(wanted, folder)},
        "Expiration": {"Days": days},
        "NoncurrentVersionExpiration": {"NoncurrentDays": GONE_DAYS},
    }


def _told(rule: Rule) -> Rule:
    """Without what AWS adds to a rule by itself."""
    return {key: value for key, value in rule.items() if key in ("ID", "Status", "Filter") or "Expiration" in key}


def _below(wanted: WantedBucket, folder: str) -> str:
    return f"{wanted.prefix}/{folder}" if wanted.prefix else folder


def _expires(rule: Rule) -> bool:
    expiration = rule.get("Expiration") or {}
    return "Days" in expiration or "Date" in expiration


def _narrowed(rule: Rule) -> bool:
    """To objects with a tag, of which envctl and Terraform make none."""
    chosen = rule.get("Filter") or {}
    return "Tag" in chosen or bool((chosen.get("And") or {}).get("Tags"))


def _prefix(rule: Rule) -> str:
    chosen = rule.get("Filter") or {}
    return str(rule.get("Prefix") or chosen.get("Prefix") or (chosen.get("And") or {}).get("Prefix") or "")
