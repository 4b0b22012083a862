"""What was approved or deployed, in the store: the meaning of a plan under its own fingerprint, without its values."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from envctl.domain.errors import Problem, UsageError
from envctl.domain.ledger.entries import digest
from envctl.domain.ledger.state import Approval
from envctl.domain.plan.fingerprint import MalformedMeaningError, PlanMeaning, decode, encode
from envctl.usecases.ports.core import AlreadyExistsError, Ports

SHORTEST = 8


def keep(ports: Ports, meaning: PlanMeaning) -> str:
    """Stores it, where it is not there yet, and gives its fingerprint."""
    # Named by its content. Something else under that name is not believed by `look`.
    with suppress(AlreadyExistsError):
        ports.store.create(_key(meaning.fingerprint), encode(meaning))
    return meaning.fingerprint


def look(ports: Ports, approvals: Iterable[Approval]) -> Mapping[str, PlanMeaning]:
    """By fingerprint. One that is gone or was changed is left out, and covers nothing."""
    return kept(ports, (approval.plan for approval in approvals))


def kept(ports: Ports, fingerprints: Iterable[str]) -> Mapping[str, PlanMeaning]:
    """Those of them that are there, and are what their names say."""
    wanted = sorted({fingerprint for fingerprint in fingerprints if fingerprint})
    stored = ports.store.read_all([_key(fingerprint) for fingerprint in wanted]) if wanted else []
    return {
        fingerprint: meaning
        for fingerprint, data in zip(wanted, stored, strict=True)
        if data is not None and digest(data) == fingerprint and (meaning := _read(data)) is not None
    }


def named(ports: Ports, prefix: str) -> PlanMeaning:
    """What is kept under the fingerprint that begins like that. Raises UsageError where none does, or several do."""
    keys = [key for key in ports.store.keys("plans/") if key.startswith(f"plans/{prefix}")]
    data = ports.store.read(keys[0]) if len(keys) == 1 and len(prefix) >= SHORTEST else None
    if data is None or _key(digest(data)) != keys[0] or (meaning := _read(data)) is None:
        reason = "more than one plan has" if len(keys) > 1 else "no plan has"
        hint = "envctl why ENV --plan makes one, and says its fingerprint"
        raise UsageError(Problem("E009", f"{reason} a fingerprint that begins with {prefix!r}", hint))
    return meaning


def _read(data: bytes) -> PlanMeaning | None:
    try:
        return decode(data)
    except MalformedMeaningError:
        return None


def _key(fingerprint: str) -> str:
    return f"plans/{fingerprint}.json"
