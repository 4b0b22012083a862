"""Lifecycle rules of buckets: old checkpoints and runs expire; entries, releases and states must not."""

from collections.abc import Iterator, Sequence

from envctl.domain.aws.buckets import LifecycleRule, WantedBucket
from envctl.domain.ledger import runs_folder

CHECKPOINT_FOLDER = "checkpoints/"
CHECKPOINT_RULE = "envctl-old-checkpoints"
CHECKPOINT_DAYS = 365
"""Reading starts at the newest checkpoint. Without any it starts at the first entry: slower, but correct."""
RUN_FOLDER = runs_folder.FOLDER
RUN_RULE = "envctl-old-runs"
RUN_DAYS = runs_folder.RETENTION.days + 1
"""Older runs are never read."""
NONCURRENT_DAYS = 30
SUMMARY = (
    f"checkpoints go after {CHECKPOINT_DAYS} days and runs after {RUN_DAYS}, "
    "and their versions when their lock has ended"
)


def merge_rules(rules: Sequence[LifecycleRule], wanted: WantedBucket) -> tuple[LifecycleRule, ...]:
    """Return the rules of others followed by those of envctl."""
    own = _build_own_rules(wanted)
    names = {rule["ID"] for rule in own}
    return (*(rule for rule in rules if rule.get("ID") not in names), *own)


def has_missing_rules(rules: Sequence[LifecycleRule], wanted: WantedBucket) -> bool:
    present = [_strip_defaults(rule) for rule in rules]
    return any(rule not in present for rule in _build_own_rules(wanted))


def find_harmful_rules(rules: Sequence[LifecycleRule], wanted: WantedBucket) -> Iterator[str]:
    """Yield the names of rules that expire entries, releases or states."""
    kept = [_join_prefix(wanted, folder) for folder in ("ledger/", "releases/")] if wanted.purpose == "store" else [""]
    for rule in rules:
        if rule.get("Status") != "Enabled" or not _has_expiration(rule) or _has_tag_filter(rule):
            continue
        prefix = _read_prefix(rule)
        if any(each.startswith(prefix) or prefix.startswith(each) for each in kept):
            yield str(rule.get("ID") or prefix or "without a name")


def _build_own_rules(wanted: WantedBucket) -> tuple[LifecycleRule, ...]:
    return _build_rule(wanted, CHECKPOINT_RULE, CHECKPOINT_FOLDER, CHECKPOINT_DAYS), _build_rule(
        wanted, RUN_RULE, RUN_FOLDER, RUN_DAYS
    )


def _build_rule(wanted: WantedBucket, name: str, folder: str, days: int) -> LifecycleRule:
    return {
        "ID": name,
        "Status": "Enabled",
        "Filter": {"Prefix": _join_prefix(wanted, folder)},
        "Expiration": {"Days": days},
        "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
    }


def _strip_defaults(rule: LifecycleRule) -> LifecycleRule:
    """Return the rule without defaults added by AWS."""
    return {key: value for key, value in rule.items() if key in ("ID", "Status", "Filter") or "Expiration" in key}


def _join_prefix(wanted: WantedBucket, folder: str) -> str:
    return f"{wanted.prefix}/{folder}" if wanted.prefix else folder


def _has_expiration(rule: LifecycleRule) -> bool:
    expiration = rule.get("Expiration") or {}
    return "Days" in expiration or "Date" in expiration


def _has_tag_filter(rule: LifecycleRule) -> bool:
    """Tell if the rule applies to tagged objects only; envctl and Terraform set no tags."""
    chosen = rule.get("Filter") or {}
    return "Tag" in chosen or bool((chosen.get("And") or {}).get("Tags"))


def _read_prefix(rule: LifecycleRule) -> str:
    chosen = rule.get("Filter") or {}
    return str(rule.get("Prefix") or chosen.get("Prefix") or (chosen.get("And") or {}).get("Prefix") or "")
