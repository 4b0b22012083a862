"""Fingerprinted plans in the store, for approvals and deployments, without values."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from envctl.domain.errors import Problem, UsageError
from envctl.domain.plan.fingerprint import PlanFingerprint, decode, encode
from envctl.usecases.ledger.digest_documents import load_documents
from envctl.usecases.ports.core import AlreadyExistsError, Ports

MIN_PREFIX = 8


def save_plan(ports: Ports, meaning: PlanFingerprint) -> str:
    """Store the plan if missing; return its fingerprint."""
    # The key is the content hash: `load_plans` rejects other content under it.
    with suppress(AlreadyExistsError):
        ports.store.create(_plan_key(meaning.digest), encode(meaning))
    return meaning.digest


def load_plans(ports: Ports, fingerprints: Iterable[str]) -> Mapping[str, PlanFingerprint]:
    """Load the plans with these fingerprints, leaving out missing and tampered ones."""
    return load_documents(ports, fingerprints, _plan_key, decode)


def find_plan_by_prefix(ports: Ports, prefix: str) -> PlanFingerprint:
    """Load the plan with this fingerprint prefix. Raises UsageError if none or several match."""
    keys = [key for key in ports.store.list_keys("plans/") if key.startswith(f"plans/{prefix}")]
    named = [key.removeprefix("plans/").removesuffix(".json") for key in keys]
    found = load_documents(ports, named, _plan_key, decode) if len(named) == 1 and len(prefix) >= MIN_PREFIX else {}
    if not found:
        reason = "more than one plan has" if len(named) > 1 else "no plan has"
        hint = "envctl why ENV --plan makes one, and says its fingerprint"
        raise UsageError(Problem("E009", f"{reason} a fingerprint that begins with {prefix!r}", hint))
    return found[named[0]]


def _plan_key(fingerprint: str) -> str:
    return f"plans/{fingerprint}.json"
