"""A run: many jobs look at many units, and what they saw is brought together. Its documents, and where they are kept.

All of it is below `runs/`. The ledger and the releases are needed for ever; this is not.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar, cast

from envctl.domain.ci.shard_planner import Shard, Unit
from envctl.domain.ledger.codec import MISFITS, plain, reader
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.runs_folder import FOLDER, KEPT

Kind = Literal["drift", "plan"]
# In folders of their own, so that a list of runs is as long as there are runs, however many jobs each of them had.
BEGUN, ANSWERS, COLLECTED = f"{FOLDER}begun/", f"{FOLDER}answers/", f"{FOLDER}collected/"
FORMAT = 1
_ID = re.compile(r"\d{8}T\d{6}Z-(drift|plan)-[0-9a-z]{1,16}")

T = TypeVar("T")


class UnreadableError(ValueError):
    """The bytes are not the document of a run, or one that another version of envctl wrote."""


@dataclass(frozen=True)
class Planned:
    """An environment as it is known to whoever looks at it. `release` is empty where nothing runs there; where the
    working tree is planned, it is the name that a release of it would have. `deployment` is the number of the last one
    there, however it ended, and `stacks` are those that there are to look at.
    """

    environment: str
    release: str = ""
    deployment: int = 0
    stacks: tuple[str, ...] = ()

    def is_like(self, other: "Planned") -> bool:
        """Whether both would look at the same."""
        return (self.release, self.deployment) == (other.release, other.deployment)


@dataclass(frozen=True)
class Run:
    id: str
    kind: Kind
    at: datetime
    by: Actor
    environments: tuple[Planned, ...]
    shards: tuple[Shard, ...]

    def shard(self, number: int) -> Shard | None:
        """They are counted from 1."""
        return self.shards[number - 1] if 0 < number <= len(self.shards) else None


@dataclass(frozen=True)
class Collected:
    """`durations` are seconds by environment and stack, those of earlier runs included where this one has none."""

    run: str
    at: datetime
    by: Actor
    durations: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def measured(self) -> dict[Unit, float]:
        return {Unit(name, stack): took for name, stacks in self.durations.items() for stack, took in stacks.items()}


def new_id(kind: Kind, at: datetime, mark: str) -> str:
    """Sorts by time. The mark keeps two that begin in one second apart."""
    return f"{at:%Y%m%dT%H%M%SZ}-{kind}-{re.sub('[^0-9a-z]', '', mark)[-8:] or '0'}"


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def kind_of(run: str) -> Kind:
    return "plan" if "-plan-" in run else "drift"


def begun_key(run: str) -> str:
    return f"{BEGUN}{run}.json"


def collected_key(run: str) -> str:
    return f"{COLLECTED}{run}.json"


def answers_folder(run: str) -> str:
    return f"{ANSWERS}{run}/"


def answer_key(run: str, shard: int, attempt: int) -> str:
    return f"{answers_folder(run)}{shard:04d}.{attempt:03d}.json"


def since(now: datetime, folder: str) -> str:
    """The key after which all runs are that still count."""
    return f"{folder}{now - KEPT:%Y%m%dT%H%M%SZ}"


def run_of(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".json")


def last_answers(keys: Iterable[str]) -> dict[int, str]:
    """The key of each shard's last answer: a job that is run again answers again."""
    return {int(key.rpartition("/")[2].partition(".")[0]): key for key in sorted(keys)}


def write(document: object) -> bytes:
    whole = {"format": FORMAT, "kind": type(document).__name__, "document": plain(document)}
    return json.dumps(whole, separators=(",", ":")).encode()


def read(kind: type[T], data: bytes) -> T:
    try:
        whole: Any = json.loads(data)
        if (whole["format"], whole["kind"]) != (FORMAT, kind.__name__):
            raise UnreadableError(f"it is a {whole['kind']} of format {whole['format']}")
        found: T = reader(cast("Any", kind))(whole["document"])
    except MISFITS as error:
        raise UnreadableError(str(error)) from error
    return found
