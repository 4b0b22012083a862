"""Fingerprinted plans in the store, for approvals and deployments, without values."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from envctl.domain.errors import Problem, UsageError
from envctl.domain.ledger.entries import hash_bytes
from envctl.domain.ledger.state import Approval
from envctl.domain.plan.fingerprint import MalformedFingerprintError, PlanFingerprint, decode, encode
from envctl.usecases.ports.core import AlreadyExistsError, Ports

MIN_PREFIX = 8


def save_plan(ports: Ports, meaning: PlanFingerprint) -> str:
    """Store the plan if missing; return its fingerprint."""
    # The key is the content hash: `load_plans` rejects other content under it.
    with suppress(AlreadyExistsError):
        ports.store.create(_plan_key(meaning.digest), encode(meaning))
    return meaning.digest


def load_approved_plans(ports: Ports, approvals: Iterable[Approval]) -> Mapping[str, PlanFingerprint]:
    """Load the approved plans by fingerprint. Missing or tampered ones are left out, and cover no change."""
    return load_plans(ports, (approval.plan for approval in approvals))


def load_plans(ports: Ports, fingerprints: Iterable[str]) -> Mapping[str, PlanFingerprint]:
    """Load the plans with these fingerprints, leaving out missing and tampered ones."""
    wanted = sorted({fingerprint for fingerprint in fingerprints if fingerprint})
    stored = ports.store.read_all([_plan_key(fingerprint) for fingerprint in wanted]) if wanted else []
    return {
        fingerprint: meaning
        for fingerprint, data in zip(wanted, stored, strict=True)
        if data is not None and hash_bytes(data) == fingerprint and (meaning := _decode_plan(data)) is not None
    }


def find_plan_by_prefix(ports: Ports, prefix: str) -> PlanFingerprint:
    """Load the plan with this fingerprint prefix. Raises UsageError if none or several match."""
    keys = [key for key in ports.store.list_keys("plans/") if key.startswith(f"plans/{prefix}")]
    data = ports.store.read(keys[0]) if len(keys) == 1 and len(prefix) >= MIN_PREFIX else None
    if data is None or _plan_key(hash_bytes(data)) != keys[0] or (meaning := _decode_plan(data)) is None:
        reason = "more than one plan has" if len(keys) > 1 else "no plan has"
        hint = "envctl why ENV --plan makes one, and says its fingerprint"
        raise UsageError(Problem("E009", f"{reason} a fingerprint that begins with {prefix!r}", hint))
    return meaning


def _decode_plan(data: bytes) -> PlanFingerprint | None:
    try:
        return decode(data)
    except MalformedFingerprintError:
        return None


def _plan_key(fingerprint: str) -> str:
    return f"plans/{fingerprint}.json"
