"""Releases in the store, verified on each read; and the plans, places and settings of approvals and deployments.

Places and settings are display data, to explain later differences: decisions use the digest in the ledger.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import cast, get_args

from envctl.domain.command_lines import format_command
from envctl.domain.config.secret_sources import SecretSource, parse_source
from envctl.domain.errors import EnvctlError, Location, OperationFailedError, Problem, UsageError
from envctl.domain.guards import BundleState
from envctl.domain.ledger.events import Event
from envctl.domain.ledger.known_releases import format_differences
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.state import LedgerState
from envctl.domain.plan import fingerprint
from envctl.domain.plan.fingerprint import PlanFingerprint
from envctl.domain.redaction import Redactor
from envctl.domain.release.bundle import Release, unpack
from envctl.domain.release.commit_message import CommitName, name_commit
from envctl.domain.release.manifest import DamagedBundleError
from envctl.domain.release.place import place_digest
from envctl.domain.release.place.place_digest import BoundPlace, describe_differences
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.settings.settings import EnvironmentSettings, Origin, Setting, format_canonical_json
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.ledger_store import DigestDocuments, check_release_owner, release_key
from envctl.usecases.ports.core import AlreadyExistsError, Ports
from envctl.usecases.ports.project import Revision
from envctl.usecases.project import project_file, working_tree

MAX_AUTHORS = 200  # For one release.
MAX_DIFFERENCES = 20
MIN_PREFIX = 8
_PLANS = DigestDocuments("plans/", fingerprint.encode, fingerprint.decode)
PLACES = DigestDocuments("places/", place_digest.encode, place_digest.decode)
SETTINGS_FORMAT = 1
_SETTINGS_KEY = "settings/{}.json"


def save_bundle(ports: Ports, identity: str, bundle: bytes, release: Release, beside: str = "") -> None:
    """Store the bundle and record the release, each if missing. `beside` names a standalone environment as its aim."""
    known = journal.load(ports).releases.get(identity)
    if known is not None and beside in known.made_for:
        return
    try:
        ports.store.create(release_key(identity), bundle)
    except AlreadyExistsError:
        # The key is the content hash: the existing bundle is the same, or damaged.
        if load_bundle(ports, identity)[0] == "damaged":
            raise unusable_bundle_error(identity, "damaged") from None
    event = _describe_creation(ports, identity, _read_revision(ports, release), beside)
    if event.differences:
        ports.observer.on_message(f"release {shorten_id(identity)} is not as its commit: {format_differences(event)}")

    def create_event(present: LedgerState) -> Event | None:
        known = present.releases.get(identity)
        return None if known is not None and beside in known.made_for else event

    journal.append(ports, create_event)


def record_commit(ports: Ports, present: LedgerState, identity: str, release: Release, beside: str = "") -> LedgerState:
    """Record the commit of a release made before its files were committed. Return the ledger state after it."""
    if not _lacks_commit(present, identity, beside):
        return present
    revision = _read_revision(ports, release)
    if revision.uncommitted:
        return present
    event = _describe_creation(ports, identity, revision, beside)
    after, entry = journal.append(ports, lambda now: event if _lacks_commit(now, identity, beside) else None)
    if entry is not None:
        ports.observer.on_message(f"release {shorten_id(identity)} is recorded as commit {revision.commit[:12]}")
    return after


def _lacks_commit(present: LedgerState, identity: str, beside: str) -> bool:
    known = present.releases.get(identity)
    return known is not None and known.uncommitted and beside in known.made_for


def _read_revision(ports: Ports, release: Release) -> Revision:
    return working_tree.read_revision(ports, project_file.load_project(ports), release)


def _describe_creation(ports: Ports, identity: str, revision: Revision, beside: str) -> ReleaseCreated:
    others, unknown = _list_coauthors(ports, revision, _find_base(ports, identity, revision, beside))
    named = _read_commit_name(ports, revision)
    return ReleaseCreated(
        release=identity,
        commit=revision.commit,
        uncommitted=revision.uncommitted,
        differences=revision.differences[:MAX_DIFFERENCES],
        different=len(revision.differences),
        author=revision.author,
        beside=beside,
        others=others[:MAX_AUTHORS],
        subject=named.subject,
        request=named.request,
        # For its deployments, git is asked again.
        unknown_authors=unknown or len(others) > MAX_AUTHORS,
    )


def label_new_release(ports: Ports, identity: str, release: Release) -> ReleaseLabel:
    """Return what people will know a release by, before it is recorded."""
    revision = _read_revision(ports, release)
    named = _read_commit_name(ports, revision)
    return ReleaseLabel(identity, revision.commit, revision.uncommitted, named.subject, named.request)


def _read_commit_name(ports: Ports, revision: Revision) -> CommitName:
    """Return what people know the commit by. A tree with uncommitted changes is that of no request."""
    if not revision.commit:
        return CommitName()
    found = name_commit(
        ports.version_control.read_message(revision.commit), ports.job_requests.find_request(revision.commit)
    )
    return replace(found, request=0) if revision.uncommitted else found


def _find_base(ports: Ports, identity: str, revision: Revision, beside: str) -> str:
    """Return the commit of the release before; of the first release, the one before its own."""
    releases = journal.load(ports).releases
    made, known = (each for each in releases.values() if beside in each.made_for), releases.get(identity)
    earlier = [each for each in made if known is None or each.seq < known.seq]
    return max(earlier, key=lambda each: each.seq).commit if earlier else f"{revision.commit}^1"


def _list_coauthors(ports: Ports, revision: Revision, since: str) -> tuple[tuple[str, ...], bool]:
    """Return the contributors since the base, by git and GitHub, without the commit author; and if git lacks some."""
    if not revision.commit:
        return (), False
    contributors = ports.version_control.list_contributors(since, revision.commit)
    found = list(contributors or ())
    try:
        # Logins come first: of a very long list, they are what reviewers are compared with.
        found = [*ports.reviews.list_authors(revision.commit, "" if since.endswith("^1") else since), *found]
    except EnvctlError as error:
        why = error.problems[0].message
        ports.observer.on_message(f"the author of {revision.commit[:12]} is known from git only: {why}")
    others = tuple(name for name in dict.fromkeys(found) if name and name != revision.author)
    return others, contributors is None


def load_bundle(ports: Ports, identity: str) -> tuple[BundleState, Release | None, bytes]:
    """Load the release and its state. Raises OperationFailedError (E482) for one of another project."""
    data = ports.store.read(release_key(identity))
    if data is None:
        return "missing", None, b""
    try:
        release = unpack(data, identity)
    except DamagedBundleError:
        return "damaged", None, b""
    check_release_owner(ports, identity, release)
    return "intact", release, data


def unusable_bundle_error(identity: str, state: BundleState) -> OperationFailedError:
    message = f"the bundle of release {shorten_id(identity)} is {state}"
    return OperationFailedError(Problem("E403", message, "restore it from a backup of the store; no changes were made"))


def save_plan(ports: Ports, meaning: PlanFingerprint) -> str:
    """Store the plan if missing; return its fingerprint."""
    _PLANS.save_document(ports, meaning)
    return meaning.digest


def save_approved_plan(ports: Ports, meaning: PlanFingerprint) -> str:
    """Store a missing plan; return its fingerprint. Raises OperationFailedError (E403) if it has other bytes there."""
    digest = save_plan(ports, meaning)
    if digest not in load_plans(ports, [digest]):
        hint = "restore it from a backup of the store; no changes were made"
        raise OperationFailedError(Problem("E403", f"{_PLANS.format_key(digest)} in the store is damaged", hint))
    return digest


def load_plans(ports: Ports, fingerprints: Iterable[str]) -> Mapping[str, PlanFingerprint]:
    """Load the plans with these fingerprints, leaving out missing and tampered ones."""
    return _PLANS.load_documents(ports, fingerprints)


def find_plan_by_prefix(ports: Ports, prefix: str) -> PlanFingerprint:
    """Load the plan with this fingerprint prefix. Raises UsageError if none or several match."""
    keys = [key for key in ports.store.list_keys(_PLANS.folder) if key.startswith(_PLANS.folder + prefix)]
    named = [key.removeprefix(_PLANS.folder).removesuffix(".json") for key in keys]
    found = _PLANS.load_documents(ports, named) if len(named) == 1 and len(prefix) >= MIN_PREFIX else {}
    if not found:
        reason = "more than one plan with" if len(named) > 1 else "no plan with"
        hint = f"make a plan to get a fingerprint: {format_command('why', 'ENV', plan=True)}"
        raise UsageError(Problem("E009", f"{reason} a fingerprint that begins with {prefix!r}", hint))
    return found[named[0]]


def compare_places(ports: Ports, digests: Iterable[str], now: BoundPlace) -> Mapping[str, str]:
    """Describe how each place differs from the current one; empty if it is unknown."""
    wanted = {digest for digest in digests if digest not in ("", now.digest)}
    known = PLACES.load_documents(ports, wanted)
    return {digest: describe_differences(known[digest], now) if digest in known else "" for digest in wanted}


def save_settings(ports: Ports, settings: EnvironmentSettings, digest: str) -> None:
    """Store the settings under their digest in the ledger, if missing, without values that are or hold a secret."""
    kept = settings.settings
    if secrets := [setting.value for setting in kept if setting.sensitive]:
        redactor = Redactor.from_values(secrets)
        # An unmarked value may contain a secret, in numbers and map keys as well, such as a database URL.
        kept = tuple(
            replace(each, sensitive=each.sensitive or redactor.has_secret(format_canonical_json(each.value)))
            for each in kept
        )
    document = {"format": SETTINGS_FORMAT, "settings": [_to_document(setting) for setting in kept]}
    with suppress(AlreadyExistsError):
        data = format_canonical_json(document).encode("utf-8", "surrogatepass")
        ports.store.create(_SETTINGS_KEY.format(digest), data)


def load_settings(ports: Ports, environment: str, digest: str) -> EnvironmentSettings | None:
    """Load the settings without sensitive values; None if missing or unreadable."""
    data = ports.store.read(_SETTINGS_KEY.format(digest))
    try:
        document = json.loads((data or b"").decode("utf-8", "surrogatepass"))
        if document["format"] != SETTINGS_FORMAT:
            return None
        settings = tuple(_from_document(each) for each in document["settings"])
    except (ValueError, KeyError, TypeError):
        return None
    arguments: dict[str, dict[str, object]] = {}
    for setting in settings:
        # Values in `set` belong to the release, which may be another one with equal settings.
        is_own = setting.origin not in ("default", "set", "secret") and not setting.sensitive
        for stack in setting.stacks if is_own else ():
            arguments.setdefault(stack, {})[setting.name] = setting.value
    return EnvironmentSettings(environment, settings, arguments, _restore_sources(settings))


def _restore_sources(settings: Iterable[Setting]) -> dict[str, dict[str, SecretSource]]:
    """Return the sources of secret values among stored settings. The value is read again: none is stored."""
    sources: dict[str, dict[str, SecretSource]] = {}
    for setting in settings:
        for stack in setting.stacks if setting.origin == "secret" else ():
            with suppress(ValueError):
                sources.setdefault(stack, {})[setting.name] = parse_source(setting.value)
    return sources


def _to_document(setting: Setting) -> dict[str, object]:
    at = setting.location
    return {
        "name": setting.name,
        "value": None if setting.sensitive else setting.value,
        "origin": setting.origin,
        "sensitive": setting.sensitive,
        "stacks": list(setting.stacks),
        "file": at.file if at else None,
        "line": at.line if at else None,
    }


def _from_document(document: dict[str, object]) -> Setting:
    file, line = document["file"], document["line"]
    location = Location(str(file), line if isinstance(line, int) else None) if file else None
    stacks = document["stacks"]
    if not isinstance(stacks, list) or document["origin"] not in get_args(Origin):
        raise TypeError("not as envctl writes it")
    return Setting(
        str(document["name"]),
        document["value"],
        location,
        cast("Origin", document["origin"]),
        bool(document["sensitive"]),
        tuple(str(stack) for stack in stacks),
    )
