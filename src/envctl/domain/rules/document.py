"""What the project says of one environment, as one document with a digest: what changes the environment must hold to.

Only what envctl.toml says is in it, and nothing that envctl itself knows: what is unsaid means what the envctl of the
day takes it for, so that an upgrade changes no digest.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from envctl.domain.config.gates import Allow, Gates, WindowTable
from envctl.domain.config.rules.environment_rules import GUARD_CODES, NEVER_WAIVED, USUAL_GATES, Rules
from envctl.domain.plan.canonical import canonical_text, digest_of
from envctl.domain.text.durations import parse

if TYPE_CHECKING:
    from envctl.domain.config.checks.table import Check
    from envctl.domain.config.project import Project

FORMAT = 1
_KEYS = frozenset(
    {
        "account_id",
        "allow",
        "checks",
        "drift",
        "gates",
        "max_destroys",
        "order",
        "other_accounts",
        "parity",
        "protected",
        "protection",
        "region",
        "rollouts",
    }
)
# The tables that envctl gives a meaning to, with their keys as envctl.toml spells them.
_TABLES: Mapping[str, frozenset[str]] = {
    "allow": frozenset(Allow.model_fields),
    "drift": frozenset({"ignore"}),
    "gates": frozenset(Gates.model_fields),
    "order": frozenset({"after", "beside"}),
    "parity": frozenset({"may_differ"}),
    "protection": frozenset({"stateful"}),
}
_WINDOW = {field.alias or name: name for name, field in WindowTable.model_fields.items()}
_SETS = frozenset(
    {"allow.apply", "drift.ignore", "gates.waivable", "other_accounts", "parity.may_differ", "protection.stateful"}
)
_MAX_DESTROYS = 5


class MalformedRulesError(ValueError):
    """The bytes are not a document of rules that this version of envctl can read."""


@dataclass(frozen=True)
class RulesDocument:
    """Attributes:

    environment: its name.
    said: the tables and keys that envctl.toml has for it, as plain JSON.
    """

    environment: str
    said: Mapping[str, Any]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the bytes under which it is stored."""
        return hashlib.sha256(encode(self)).hexdigest()

    @property
    def is_beside(self) -> bool:
        """Whether the environment is no step of the pipeline."""
        return bool(self.said["order"].get("beside"))

    @property
    def predecessors(self) -> tuple[str, ...]:
        """The environments of the pipeline before it, in their order."""
        return tuple(self.said["order"].get("after", ()))

    @property
    def is_entry(self) -> bool:
        """Whether code enters the pipeline there."""
        return not self.is_beside and not self.predecessors

    @property
    def account_id(self) -> str:
        return str(self.said.get("account_id", ""))

    @property
    def other_accounts(self) -> tuple[str, ...]:
        """The accounts beside its own in which its providers may act."""
        return tuple(self.said.get("other_accounts", ()))

    @property
    def accounts(self) -> frozenset[str]:
        """Its own account and the others, as far as it names them."""
        return frozenset({self.account_id, *self.other_accounts} - {""})

    @property
    def region(self) -> str:
        return str(self.said.get("region", ""))


def describe_rules(project: "Project", environment: str) -> RulesDocument:
    """Returns the document of an environment of the project, whichever of them the project is seen from."""
    there, order = project.environments[environment], project.order.order
    place: dict[str, Any] = {"beside": True}
    before: tuple[str, ...] = ()
    if there.in_pipeline:
        before = order[: order.index(environment)] if environment in order else ()
        place = {"after": list(before)}
    said: dict[str, Any] = {"order": place}
    if there.assume_role:
        # Imported where there is a role: most commands know no other use for it.
        from envctl.domain.plan.provider_accounts import account_of

        # A role acts in its own account, also where account_id is not said.
        said["account_id"] = account_of(there.assume_role)
    for name in ("account_id", "region", "other_accounts", "protected", "max_destroys", "gates", "allow", "drift"):
        if name in there.model_fields_set and (value := _plain(getattr(there, name))) not in (None, {}):
            said[name] = value
    if project.protection.stateful:
        said["protection"] = {"stateful": sorted(project.protection.stateful)}
    if project.parity is not None and before and project.seen_from(environment).is_compared(environment):
        said["parity"] = {"may_differ": sorted(project.parity.may_differ)}
    if checks := _checks(project, before[-1] if before else ""):
        said["checks"] = checks
    if rollouts := _rollouts(project, environment):
        said["rollouts"] = rollouts
    return RulesDocument(environment, said)


def find_rules(project: "Project", environment: str) -> Rules:
    """Returns what the project asks of every change of the environment."""
    return rules_of(describe_rules(project, environment))


def encode(document: RulesDocument) -> bytes:
    """The same bytes for the same rules, in whatever order and spelling envctl.toml has them."""
    said = _sort_sets(document.said)
    return canonical_text({"format": FORMAT, "environment": document.environment, "said": said}).encode()


def decode(data: bytes) -> RulesDocument:
    """Raises MalformedRulesError."""
    try:
        found = json.loads(data.decode(), parse_float=Decimal)
        document = RulesDocument(found["environment"], found["said"])
        if found["format"] != FORMAT or encode(document) != data or not isinstance(document.environment, str):
            raise MalformedRulesError("its bytes are not in the form in which envctl writes them")
        _check_keys(document.said)
        rules_of(document)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise MalformedRulesError(str(error)) from error
    return document


def rules_of(document: RulesDocument) -> Rules:
    """Returns what the document means today: where it says nothing about approvals, the usual gates after the entry."""
    from envctl.domain.config.stateful_types import STATEFUL

    said = document.said
    gates, allow, parity = said.get("gates", {}), said.get("allow", {}), said.get("parity")
    usual = USUAL_GATES if document.predecessors else {}
    approvals = dict(gates.get("approvals", usual))
    waivable = {GUARD_CODES.get(code, code) for code in gates.get("waivable", ())}
    return Rules(
        approvals=approvals,
        is_usual=bool(usual) and "approvals" not in gates,
        # Where there is one gate only, it is clear which one is meant.
        reviewers=gates.get("reviewers") or (next(iter(approvals)) if len(approvals) == 1 else ""),
        apply=tuple(allow.get("apply", ())),
        approve={gate: tuple(patterns) for gate, patterns in allow.get("approve", {}).items()},
        only_ci=allow.get("only_ci", False),
        self_approval=gates.get("self_approval", False),
        expires=_duration(gates.get("expires")),
        soak=_duration(gates.get("soak")) or timedelta(),
        max_age=_duration(gates.get("max_age")),
        windows=tuple(_window(each).window() for each in gates.get("windows", ())),
        waivable=frozenset(waivable & set(GUARD_CODES.values()) - set(NEVER_WAIVED)),
        committed=gates.get("committed", False),
        rehearsed=gates.get("rehearsed", "warn"),
        may_differ=None if parity is None else frozenset(parity.get("may_differ", ())),
        protected=said.get("protected", False),
        max_destroys=said.get("max_destroys", _MAX_DESTROYS),
        stateful=STATEFUL | frozenset(said.get("protection", {}).get("stateful", ())),
        checks={name: _mark(name, table) for name, table in said.get("checks", {}).items()},
    )


def mark_check(name: str, check: "Check") -> str:
    """Returns the name of a check with the digest of what it asks; where it runs is no part of that."""
    return _mark(name, _table(check))


def _mark(name: str, table: Mapping[str, Any]) -> str:
    return f"{name}:{digest_of(canonical_text(table))}"


def _checks(project: "Project", source: str) -> dict[str, Any]:
    """The checks that run in the environment right before: what its evidence has to hold."""
    every = project.every_check if source else {}
    return {name: _table(each) for name, each in every.items() if not each.environments or source in each.environments}


def _rollouts(project: "Project", environment: str) -> dict[str, Any]:
    """How requests go over to a new release, and what stops that, by stack. The order of `abort_on` means nothing."""
    stacks = project.seen_from(environment).stacks
    tables = {name: _plain(stack.rollout) for name, stack in stacks.items() if stack.rollout is not None}
    return {
        name: {**table, "abort_on": sorted(table["abort_on"])} if "abort_on" in table else table
        for name, table in tables.items()
    }


def _table(check: "Check") -> dict[str, Any]:
    return {key: value for key, value in _plain(check).items() if key != "environments"}


def _plain(value: object) -> Any:  # noqa: ANN401 (whatever JSON has)
    """The value as plain JSON; of a table only the keys that were said, by the names that they have in envctl.toml."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        said = {fields[name].alias or name: getattr(value, name) for name in fields if name in value.model_fields_set}
        # A key without a value is one that is unsaid.
        return {name: _plain(each) for name, each in said.items() if each is not None}
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(value)
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


def _sort_sets(said: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """The same with the lists sorted whose order means nothing."""
    found: dict[str, Any] = {}
    for key, value in said.items():
        here = f"{path}{key}"
        if isinstance(value, Mapping) and key != "checks":
            found[key] = _sort_sets(value, f"{here}.")
        else:
            unordered = here in _SETS or here.startswith("allow.approve.")
            found[key] = sorted(value) if unordered and isinstance(value, list) else value
    return found


def _duration(text: str | None) -> timedelta | None:
    return parse(text) if text else None


def _window(table: Mapping[str, Any]) -> WindowTable:
    """As it was when the project file was read: a later envctl may be stricter, and must not forget a window."""
    values: dict[str, Any] = {
        _WINDOW[key]: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    return WindowTable.model_construct(**values)


def _check_keys(said: Mapping[str, Any]) -> None:
    unknown = [key for key in said if key not in _KEYS]
    unknown += [f"{name}.{key}" for name, keys in _TABLES.items() for key in said.get(name, {}) if key not in keys]
    if unknown or not isinstance(said["order"], dict):
        raise MalformedRulesError(f"unknown: {', '.join(unknown)}; it may have been written by a newer envctl")
