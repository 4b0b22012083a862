"""Fingerprinted plans in the store, for approvals and deployments, without values."""

from collections.abc import Iterable, Mapping

from envctl.domain.errors import Problem, UsageError
from envctl.domain.plan.fingerprint import PlanFingerprint, decode, encode
from envctl.usecases.ledger.digest_documents import DigestDocuments
from envctl.usecases.ports.core import Ports

MIN_PREFIX = 8
_PLANS = DigestDocuments("plans/", encode, decode)


def save_plan(ports: Ports, meaning: PlanFingerprint) -> str:
    """Store the plan if missing; return its fingerprint."""
    _PLANS.save_document(ports, meaning)
    return meaning.digest


def load_plans(ports: Ports, fingerprints: Iterable[str]) -> Mapping[str, PlanFingerprint]:
    """Load the plans with these fingerprints, leaving out missing and tampered ones."""
    return _PLANS.load_documents(ports, fingerprints)


def find_plan_by_prefix(ports: Ports, prefix: str) -> PlanFingerprint:
    """Load the plan with this fingerprint prefix. Raises UsageError if none or several match."""
    keys = [key for key in ports.store.list_keys(_PLANS.folder) if key.startswith(_PLANS.folder + prefix)]
    named = [key.removeprefix(_PLANS.folder).removesuffix(".json") for key in keys]
    found = _PLANS.load_documents(ports, named) if len(named) == 1 and len(prefix) >= MIN_PREFIX else {}
    if not found:
        reason = "more than one plan has" if len(named) > 1 else "no plan has"
        hint = "envctl why ENV --plan makes one, and says its fingerprint"
        raise UsageError(Problem("E009", f"{reason} a fingerprint that begins with {prefix!r}", hint))
    return found[named[0]]
