"""Documents of matrix runs and their keys in the store: CI jobs plan or check units, and one merges their answers.

All keys are below `runs/` and expire, unlike ledger and releases.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar, cast

from envctl.domain.aws.bucket_lifecycle import RUN_FOLDER, RUN_RETENTION
from envctl.domain.ci.shard_planner import Shard, Unit
from envctl.domain.ledger.codec import DECODE_ERRORS, build_decoder, encode_value
from envctl.domain.ledger.events import Actor

RunKind = Literal["drift", "plan"]
# Separate folders: listing runs takes time by their number, independent of the jobs in each.
BEGUN_FOLDER, ANSWERS_FOLDER, COLLECTED_FOLDER = (
    f"{RUN_FOLDER}begun/",
    f"{RUN_FOLDER}answers/",
    f"{RUN_FOLDER}collected/",
)
FORMAT = 1
MAX_SECONDS = 1e6
_ID = re.compile(r"\d{8}T\d{6}Z-(?P<kind>drift|plan)-[0-9a-z]{1,16}", re.ASCII)
# The job of a pull request may add any key with `Z-plan-` in it: such a key must never count for a run of drift.
_ANSWER = re.compile(r"(?P<shard>\d{4,6})\.\d{3}\.json", re.ASCII)

T = TypeVar("T")


class UnreadableDocumentError(ValueError):
    """The bytes are no document of a run, or were written by another version of envctl."""


@dataclass(frozen=True)
class PlannedEnvironment:
    """The state of an environment when the run was planned."""

    environment: str
    release: str = ""  # empty without a deployment; for plans of the working tree, the hash of its release
    deployment: int = 0  # ledger number of the last deployment, successful or not
    stacks: tuple[str, ...] = ()  # stacks to check

    def has_same_state(self, other: "PlannedEnvironment") -> bool:
        """Check that release and last deployment are equal."""
        return (self.release, self.deployment) == (other.release, other.deployment)


@dataclass(frozen=True)
class MatrixRun:
    STORED_KIND: ClassVar[str] = "Run"

    id: str
    kind: RunKind
    at: datetime
    by: Actor
    environments: tuple[PlannedEnvironment, ...]
    shards: tuple[Shard, ...]


@dataclass(frozen=True)
class CollectedRun:
    """The end of a run. `durations` are seconds by environment and stack, completed with those of earlier runs."""

    STORED_KIND: ClassVar[str] = "Collected"

    run: str
    at: datetime
    by: Actor
    durations: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def flatten_durations(self) -> dict[Unit, float]:
        flat = ((Unit(name, stack), took) for name, stacks in self.durations.items() for stack, took in stacks.items())
        # Without NaN and infinity: the job of a pull request may have written them.
        return {unit: took for unit, took in flat if 0 <= took < MAX_SECONDS}


def format_run_id(kind: RunKind, at: datetime, mark: str) -> str:
    """Return an id sorted by time; `mark` distinguishes runs begun in the same second."""
    return f"{at:%Y%m%dT%H%M%SZ}-{kind}-{re.sub('[^0-9a-z]', '', mark)[-8:] or '0'}"


def find_run_kind(run: str) -> RunKind | Literal[""]:
    """Return the kind of run that an id names: permissions of jobs are by id. Empty if it is none."""
    found = _ID.fullmatch(run)
    return cast("RunKind", found["kind"]) if found else ""


def format_run_key(folder: str, run: str) -> str:
    return f"{folder}{run}.json"


def format_answer_key(run: str, shard: int, attempt: int) -> str:
    return f"{ANSWERS_FOLDER}{run}/{shard:04d}.{attempt:03d}.json"


def format_expiry_key(now: datetime, folder: str) -> str:
    """Return the key preceding all runs within retention."""
    return f"{folder}{now - RUN_RETENTION:%Y%m%dT%H%M%SZ}"


def parse_run_id(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".json")


def select_last_answers(keys: Iterable[str]) -> dict[int, str]:
    """Return the key of the last answer by shard; a repeated job answers again. Other keys do not count."""
    named = ((_ANSWER.fullmatch(key.rpartition("/")[2]), key) for key in sorted(keys))
    return {int(found["shard"]): key for found, key in named if found}


def encode_document(document: object) -> bytes:
    whole = {"format": FORMAT, "kind": _stored_kind(type(document)), "document": encode_value(document)}
    return json.dumps(whole, separators=(",", ":")).encode()


def decode_document(kind: type[T], data: bytes) -> T:
    """Return the document of this class. Raises UnreadableDocumentError."""
    try:
        whole: Any = json.loads(data)
        if (whole["format"], whole["kind"]) != (FORMAT, _stored_kind(kind)):
            raise UnreadableDocumentError(f"it is a {whole['kind']} of format {whole['format']}")
        found: T = build_decoder(cast("Any", kind))(whole["document"])
    except DECODE_ERRORS as error:
        raise UnreadableDocumentError(str(error)) from error
    return found


def _stored_kind(kind: type) -> str:
    # Stored documents outlive names of classes.
    return str(getattr(kind, "STORED_KIND", kind.__name__))
