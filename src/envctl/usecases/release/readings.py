"""The readings of approvals and consents: made without secrets, and stored apart, create-only.

The digest of a reading is in the ledger. Its text is kept for 400 days, under a prefix of its own with a lifecycle
rule; a deployment that rests on it stores it anew, for 400 days more.
"""

from collections.abc import Iterable
from contextlib import suppress

from envctl.domain.aws.bucket_lifecycle import READING_DAYS
from envctl.domain.aws.bucket_lifecycle import READING_FOLDER as FOLDER
from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.guards import Request
from envctl.domain.ledger.entries import hash_bytes
from envctl.domain.ledger.state import Approval
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.plan.fingerprint import PlanFingerprint
from envctl.domain.reading import reading
from envctl.domain.reading.bound_values import list_rules
from envctl.domain.reading.build_reading import Surroundings, build_reading
from envctl.domain.reading.coverage import list_unshown
from envctl.domain.reading.reading import Reading
from envctl.domain.release.place.place_digest import BoundPlace
from envctl.domain.rules.document import RulesDocument
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.usecases.ports.core import AlreadyExistsError, Ports
from envctl.usecases.release import release_store
from envctl.usecases.release.deploy_request import FittingRelease


def make_reading(
    ports: Ports,
    request: Request,
    plan: EnvironmentPlan,
    *,
    fingerprint: str,
    settings: EnvironmentSettings,
    place: BoundPlace | None,
) -> Reading:
    """Return the reading of a plan, compared with what the environment runs, and without known secrets."""
    current = request.target_state.current
    running = release_store.load_settings(ports, request.target, current.settings) if current else None
    places = release_store.PLACES.load_documents(ports, [current.place] if current else [])
    around = Surroundings(
        settings=settings,
        place=place,
        running_settings=running,
        running_place=places.get(current.place) if current else None,
    )
    shown = _hide_secrets(ports, build_reading(request, plan, around, fingerprint))
    ports.observer.on_reading(shown)
    return shown


def make_rules_reading(ports: Ports, environment: str, before: RulesDocument, now: RulesDocument) -> Reading:
    """Return the reading of rules alone."""
    bound = {"rules": now.digest, "recorded rules": before.digest}
    made = Reading(environment=environment, release="", bound=bound, rules=list_rules(now, before))
    ports.observer.on_reading(made)
    return made


def save_reading(ports: Ports, made: Reading) -> str:
    """Store the reading if missing; return its digest. Raises OperationFailedError (E403) if other bytes are there."""
    key = _format_key(_name_subject(made), made.digest)
    try:
        _store_reading(ports, key, made)
    except AlreadyExistsError:
        if ports.store.read(key) != made.encoded:
            hint = "restore it from a backup of the store; no changes were made"
            raise OperationFailedError(Problem("E403", f"{key} in the store is damaged", hint)) from None
    return made.digest


def offer_reading(ports: Ports, made: Reading) -> str:
    """Store the reading for later approvals, if this caller may; return its digest.

    A job that plans may add pages, and read none: so it can't compare one that is there. A role from before pages were
    stored may not even add them: approvals of this plan are then refused, and the plan is shown all the same.
    """
    try:
        _store_reading(ports, _format_key(_name_subject(made), made.digest), made)
    except AlreadyExistsError:
        return made.digest
    except OperationFailedError as error:
        why = error.problems[0].message
        ports.observer.on_message(f"the page of this plan is not stored, and no one can approve it by --plan: {why}")
    return made.digest


def find_reading(ports: Ports, found: FittingRelease, meaning: PlanFingerprint) -> Reading:
    """Return the stored reading of a plan. It shows the plan, and the settings, place and rules of this release now.

    Raises OperationFailedError (E438) without one: what can't be shown can't be approved.
    """
    request, stored = found.request, [_decode(data) for data in _read_all(ports, meaning.digest)]
    around = Surroundings(settings=found.settings, place=found.place)
    empty = EnvironmentPlan(environment=request.target, release=request.identity, stacks=())
    now = _hide_secrets(ports, build_reading(request, empty, around, meaning.digest))
    for each in filter(None, stored):
        if _has_sections(each, now) and not any(list_unshown(each, meaning)):
            ports.observer.on_reading(each)
            return each
    what = "none shows these settings, place and rules" if any(stored) else "it is missing or damaged"
    hint = f"make the plan again: {format_command('why', request.target, plan=True)}"
    raise OperationFailedError(Problem("E438", f"the page of plan {meaning.digest[:12]} can't be shown: {what}", hint))


def _has_sections(stored: Reading, now: Reading) -> bool:
    """Check that all but the plan is as it is now. What ran before may have changed since."""
    if (stored.environment, stored.release, stored.bound) != (now.environment, now.release, now.bound):
        return False
    pairs = ((stored.settings, now.settings), (stored.place, now.place), (stored.rules, now.rules))
    return all(
        {(v.path, v.after) for v in one if v.after} == {(v.path, v.after) for v in other if v.after}
        for one, other in pairs
    )


def _hide_secrets(ports: Ports, made: Reading) -> Reading:
    text = made.encoded.decode()
    redacted = ports.observer.redact_document(text)
    return made if redacted == text else reading.parse(redacted)


def load_reading(ports: Ports, subject: str, digest: str) -> Reading | None:
    """Return what an approver of a plan, or of rules, read; None if it is not stored any more, or damaged."""
    for data in _read_all(ports, subject) if digest else ():
        if hash_bytes(data) == digest:
            return _decode(data)
    return None


def keep_readings(ports: Ports, approvals: Iterable[Approval]) -> None:
    """Store the readings of a deployment's approvals once more, under the present month: they are kept from then on."""
    month = f"{ports.clock.now():%Y-%m}"
    # Those of this month are young enough.
    for each in (approval for approval in approvals if f"{approval.at:%Y-%m}" != month):
        kept = load_reading(ports, each.plan, each.reading)
        if kept is not None:
            with suppress(AlreadyExistsError):
                _store_reading(ports, _format_key(each.plan, each.reading, month), kept)


def _store_reading(ports: Ports, key: str, made: Reading) -> None:
    """Create it, locked until the lifecycle rule ends it: other objects of the store are locked for years."""
    ports.store.create_locked(key, made.encoded, READING_DAYS)


def _name_subject(made: Reading) -> str:
    """Return the digest of what the reading is about: a plan, or rules alone."""
    return made.bound.get("plan") or made.bound["rules"]


def _format_key(fingerprint: str, digest: str, month: str = "") -> str:
    return f"{FOLDER}{fingerprint}/{digest}{f'.{month}' if month else ''}.json"


def _read_all(ports: Ports, fingerprint: str) -> list[bytes]:
    keys = ports.store.list_keys(f"{FOLDER}{fingerprint}/")
    return [data for data in ports.store.read_all(keys) if data is not None] if keys else []


def _decode(data: bytes) -> Reading | None:
    try:
        return reading.decode(data)
    except reading.MalformedReadingError:
        return None
