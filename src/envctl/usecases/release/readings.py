"""The readings of approvals and consents: made without secrets, and stored apart, create-only.

The digest of a reading is in the ledger. Its text is kept for 400 days, under a prefix of its own with a lifecycle
rule; a deployment that rests on it stores it anew, for 400 days more.
"""

from collections.abc import Iterable
from contextlib import suppress

from envctl.domain.aws.bucket_lifecycle import READING_FOLDER as FOLDER
from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.guards import Request
from envctl.domain.ledger.entries import hash_bytes
from envctl.domain.ledger.state import Approval
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.reading import reading
from envctl.domain.reading.build_reading import Surroundings, build_reading, list_bound
from envctl.domain.reading.reading import Reading
from envctl.domain.release.place.place_digest import BoundPlace
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.usecases.ports.core import AlreadyExistsError, Ports
from envctl.usecases.release import release_store


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
    made = build_reading(request, plan, around, fingerprint)
    text = made.encoded.decode()
    redacted = ports.observer.redact_document(text)
    shown = made if redacted == text else reading.parse(redacted)
    ports.observer.on_reading(shown)
    return shown


def save_reading(ports: Ports, made: Reading) -> str:
    """Store the reading if missing; return its digest. Raises OperationFailedError (E403) if other bytes are there."""
    key = _format_key(made.bound["plan"], made.digest)
    try:
        ports.store.create(key, made.encoded)
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
        ports.store.create(_format_key(made.bound["plan"], made.digest), made.encoded)
    except AlreadyExistsError:
        return made.digest
    except OperationFailedError as error:
        why = error.problems[0].message
        ports.observer.on_message(f"the page of this plan is not stored, and no one can approve it by --plan: {why}")
    return made.digest


def find_reading(ports: Ports, request: Request, fingerprint: str) -> Reading:
    """Return the stored reading of a plan that has the settings, the place and the rules of the request.

    Raises OperationFailedError (E438): what can't be shown can't be approved.
    """
    found = [_decode(data) for data in _read_all(ports, f"{FOLDER}{fingerprint}.")]
    wanted = (request.identity, list_bound(request, fingerprint))
    fitting = [each for each in found if each and (each.release, each.bound) == wanted]
    if not fitting:
        damaged = f"{len(found)} stored, none of these settings and rules" if any(found) else "it is missing or damaged"
        message = f"the page of plan {fingerprint[:12]} can't be shown: {damaged}"
        raise OperationFailedError(
            Problem("E438", message, f"make the plan again: {format_command('why', request.target, plan=True)}")
        )
    ports.observer.on_reading(fitting[-1])
    return fitting[-1]


def load_reading(ports: Ports, approval: Approval) -> Reading | None:
    """Return what an approver read; None if it is not stored any more, or damaged."""
    for data in _read_all(ports, f"{FOLDER}{approval.plan}.{approval.reading}") if approval.reading else ():
        if hash_bytes(data) == approval.reading:
            return _decode(data)
    return None


def keep_readings(ports: Ports, approvals: Iterable[Approval]) -> None:
    """Store the readings of a deployment's approvals once more, under the present month: they are kept from then on."""
    month = f"{ports.clock.now():%Y-%m}"
    # Those of this month are young enough.
    for each in (approval for approval in approvals if f"{approval.at:%Y-%m}" != month):
        kept = load_reading(ports, each)
        if kept is not None:
            with suppress(AlreadyExistsError):
                ports.store.create(_format_key(each.plan, each.reading, month), kept.encoded)


def _format_key(fingerprint: str, digest: str, month: str = "") -> str:
    return f"{FOLDER}{fingerprint}.{digest}{f'.{month}' if month else ''}.json"


def _read_all(ports: Ports, prefix: str) -> list[bytes]:
    keys = ports.store.list_keys(prefix)
    return [data for data in ports.store.read_all(keys) if data is not None] if keys else []


def _decode(data: bytes) -> Reading | None:
    try:
        return reading.decode(data)
    except reading.MalformedReadingError:
        return None
