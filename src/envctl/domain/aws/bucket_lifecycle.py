"""Lifecycle rules of buckets: old checkpoints, runs and pages expire; entries, releases and states must not."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from envctl.domain.aws.buckets import LifecycleRule, WantedBucket

CHECKPOINT_FOLDER = "checkpoints/"
CHECKPOINT_RULE = "envctl-old-checkpoints"
CHECKPOINT_DAYS = 365
"""Reading starts at the newest checkpoint. Without any it starts at the first entry: slower, but correct."""
RUN_FOLDER = "runs/"
"""Where the runs of a matrix are in the store."""
RUN_RETENTION = timedelta(days=30)
RUN_RULE = "envctl-old-runs"
RUN_DAYS = RUN_RETENTION.days + 1
"""Older runs are never read."""
READING_FOLDER = "readings/"
READING_RULE = "envctl-old-readings"
READING_DAYS = 400
"""What approvers read is kept so long; its digest in the ledger stays."""
NONCURRENT_DAYS = 30
SUMMARY = (
    f"checkpoints expire after {CHECKPOINT_DAYS} days, runs after {RUN_DAYS} and pages of approvals after"
    f" {READING_DAYS}; their versions expire when their lock ends"
)


def merge_rules(rules: Sequence[LifecycleRule], wanted: WantedBucket) -> tuple[LifecycleRule, ...]:
    """Return the rules of others followed by those of envctl."""
    own = _build_own_rules(wanted)
    names = {rule["ID"] for rule in own}
    return (*(rule for rule in rules if rule.get("ID") not in names), *own)


def has_missing_rules(rules: Sequence[LifecycleRule], wanted: WantedBucket) -> bool:
    # AWS adds defaults under other keys.
    present = [
        {key: value for key, value in rule.items() if key in ("ID", "Status", "Filter") or "Expiration" in key}
        for rule in rules
    ]
    return any(rule not in present for rule in _build_own_rules(wanted))


def find_harmful_rules(rules: Sequence[LifecycleRule], wanted: WantedBucket) -> Iterator[str]:
    """Yield the names of rules that expire entries, releases or states."""
    folder = f"{wanted.prefix}/" if wanted.prefix else ""
    kept = [f"{folder}ledger/", f"{folder}releases/"] if wanted.purpose == "store" else [""]
    for rule in rules:
        chosen, expiration = rule.get("Filter") or {}, rule.get("Expiration") or {}
        every = chosen.get("And") or {}
        # envctl and Terraform set no tags.
        is_for_tags = "Tag" in chosen or every.get("Tags")
        if rule.get("Status") != "Enabled" or is_for_tags or not expiration.keys() & {"Days", "Date"}:
            continue
        prefix = str(rule.get("Prefix") or chosen.get("Prefix") or every.get("Prefix") or "")
        if any(each.startswith(prefix) or prefix.startswith(each) for each in kept):
            yield str(rule.get("ID") or prefix or "without a name")


def _build_own_rules(wanted: WantedBucket) -> tuple[LifecycleRule, ...]:
    own = (
        (CHECKPOINT_RULE, CHECKPOINT_FOLDER, CHECKPOINT_DAYS),
        (RUN_RULE, RUN_FOLDER, RUN_DAYS),
        (READING_RULE, READING_FOLDER, READING_DAYS),
    )
    return tuple(
        {
            "ID": name,
            "Status": "Enabled",
            "Filter": {"Prefix": f"{wanted.prefix}/{folder}" if wanted.prefix else folder},
            "Expiration": {"Days": days},
            "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
        }
        for name, folder, days in own
    )
