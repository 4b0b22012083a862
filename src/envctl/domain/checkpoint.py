"""The present, folded up to one entry, as JSON: it keeps reading short and is never believed over the entries."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from envctl.domain.ledger import Actor
from envctl.domain.present import Approval, Deployment, EnvironmentPresent, KnownRelease, Present

EVERY = 256
FORMAT = 1


def encode(present: Present) -> bytes:
    document = {
        "format": FORMAT,
        "seq": present.seq,
        "head": present.head,
        "releases": [asdict(known) for known in present.releases.values()],
        "environments": {
            name: {
                "current": there.current and asdict(there.current),
                "last": there.last and asdict(there.last),
                "proven": [asdict(proof) for proof in there.proven.values()],
                "approvals": [asdict(approval) for approval in there.approvals],
                "stacks": sorted(there.stacks),
            }
            for name, there in present.environments.items()
        },
    }
    return json.dumps(document, default=datetime.isoformat, separators=(",", ":")).encode()


def decode(data: bytes) -> Present | None:
    """None for anything that this version can't read: the entries themselves are read instead."""
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            return None
        return Present(
            seq=document["seq"],
            head=document["head"],
            releases={r["release"]: KnownRelease(**_typed(r)) for r in document["releases"]},
            environments={name: _environment(there) for name, there in document["environments"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def _environment(there: Mapping[str, Any]) -> EnvironmentPresent:
    return EnvironmentPresent(
        current=there["current"] and Deployment(**_typed(there["current"])),
        last=there["last"] and Deployment(**_typed(there["last"])),
        proven={p["release"]: Deployment(**_typed(p)) for p in there["proven"]},
        approvals=tuple(Approval(**_typed(a)) for a in there["approvals"]),
        stacks=frozenset(there["stacks"]),
    )


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    typed = dict(values)
    for name in ("at", "started_at", "ended_at"):
        if typed.get(name):
            typed[name] = datetime.fromisoformat(typed[name])
    typed["by"] = Actor(**typed["by"])
    return typed
