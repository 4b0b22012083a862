"""The rules of one environment as a document with a digest, recorded with each deployment.

It holds only keys set in envctl.toml, no defaults of envctl: an upgrade then changes no digest.
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

from envctl.domain.config.gates import DEFAULT_GATES, DURATION_GATES, Allow, Gates, WindowTable
from envctl.domain.config.rules.guard_codes import NEVER_WAIVED, GuardCode
from envctl.domain.plan.fingerprint import digest_text, to_canonical_json
from envctl.domain.rules.environment_rules import Rules
from envctl.domain.text.durations import parse_duration

if TYPE_CHECKING:
    from envctl.domain.config.checks.table import Check
    from envctl.domain.config.project import Project

FORMAT = 1
_KEYS = frozenset({
    "account_id", "allow", "checks", "ci", "drift", "gates", "max_destroys", "order", "other_accounts", "parity",
    "protected", "protection", "region", "rollouts", "signatures",
})  # fmt: skip
# Known tables with their keys as spelled in envctl.toml.
_TABLES: Mapping[str, frozenset[str]] = {
    "allow": frozenset(Allow.model_fields),
    "ci": frozenset({"github", "github_environment", "gitlab"}),
    "drift": frozenset({"ignore"}),
    "gates": frozenset(Gates.model_fields),
    "order": frozenset({"after", "beside"}),
    "parity": frozenset({"may_differ"}),
    "protection": frozenset({"stateful"}),
    "signatures": frozenset({"approvals_from", "from", "signers"}),
}
_UNORDERED_LISTS = frozenset(
    {
        "allow.apply",
        "allow.machines",
        "drift.ignore",
        "gates.waivable",
        "other_accounts",
        "parity.may_differ",
        "protection.stateful",
        "signatures.signers",
    }
)
_MAX_DESTROYS = 5


class MalformedRulesError(ValueError):
    """The bytes are no rules document readable by this version of envctl."""


@dataclass(frozen=True)
class RulesDocument:
    """The rules of an environment, as set in envctl.toml."""

    environment: str
    content: Mapping[str, Any]  # tables and keys as plain JSON

    @cached_property
    def encoded(self) -> bytes:
        """Its bytes: equal for equal rules, independent of their order and spelling in envctl.toml."""
        document = {"format": FORMAT, "environment": self.environment, "said": _sort_sets(self.content)}
        return to_canonical_json(document).encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its bytes, its key in the store."""
        return hashlib.sha256(self.encoded).hexdigest()

    @cached_property
    def is_standalone(self) -> bool:
        """True for an environment outside of the pipeline."""
        return bool(self.content["order"].get("beside"))

    @cached_property
    def predecessors(self) -> tuple[str, ...]:
        """The earlier environments of the pipeline, in order."""
        return tuple(self.content["order"].get("after", ()))

    @cached_property
    def is_entry(self) -> bool:
        """True for the first environment of the pipeline."""
        return not self.is_standalone and not self.predecessors

    @property
    def account_id(self) -> str:
        return str(self.content.get("account_id", ""))

    @property
    def other_accounts(self) -> tuple[str, ...]:
        """Further accounts open to its providers."""
        return tuple(self.content.get("other_accounts", ()))

    @cached_property
    def all_accounts(self) -> frozenset[str]:
        """Its own account and the further ones, as far as set."""
        return frozenset({self.account_id, *self.other_accounts} - {""})

    @property
    def region(self) -> str:
        return str(self.content.get("region", ""))


def build_rules_document(project: "Project", environment: str) -> RulesDocument:
    """Return the rules document of an environment; the project may be the view of any environment."""
    settings, order = project.environments[environment], project.order.order
    place: dict[str, Any] = {"beside": True}
    before: tuple[str, ...] = ()
    if settings.in_pipeline:
        before = order[: order.index(environment)] if environment in order else ()
        place = {"after": list(before)}
    said: dict[str, Any] = {"order": place}
    if settings.assume_role:
        # Imported late: most commands need it for roles alone.
        from envctl.domain.plan.provider_accounts import parse_role_account

        # A role acts in its own account, with account_id set or not.
        said["account_id"] = parse_role_account(settings.assume_role)
    for name in ("account_id", "region", "other_accounts", "protected", "max_destroys", "gates", "allow", "drift"):
        if name in settings.model_fields_set and (value := _to_plain_json(getattr(settings, name))) not in (None, {}):
            said[name] = value
    if project.protection.stateful:
        said["protection"] = {"stateful": sorted(project.protection.stateful)}
    if project.parity is not None and before and project.view_for(environment).is_compared(environment):
        said["parity"] = {"may_differ": sorted(project.parity.may_differ)}
    tables = {
        "ci": _list_vouchers(project, environment),
        "checks": _collect_checks(project, before[-1] if before else ""),
        "rollouts": _collect_rollouts(project, environment),
        "signatures": _describe_signatures(project, environment, before),
    }
    return RulesDocument(environment, said | {name: table for name, table in tables.items() if table})


def _describe_signatures(project: "Project", environment: str, before: tuple[str, ...]) -> dict[str, Any]:
    """Return from which entry on each environment up to this one must be signed, and the keys of its people."""
    if not project.requires_signatures(environment):
        return {}
    there = project.environments[environment]
    since = {name: project.environments[name].signed_from for name in (*before, environment)}
    people = {"approvals_from": there.approval_signed_from} if there.approval_signing_key else {}
    return {"from": since, "signers": sorted(project.list_signers(environment)), **people}


def find_rules(project: "Project", environment: str) -> Rules:
    """Return the rules for all changes of the environment."""
    return to_rules(build_rules_document(project, environment))


def decode(data: bytes) -> RulesDocument:
    """Return the document encoded in the bytes. Raises MalformedRulesError."""
    try:
        found = json.loads(data.decode(), parse_float=Decimal)
        document = RulesDocument(found["environment"], found["said"])
        if found["format"] != FORMAT or document.encoded != data or not isinstance(document.environment, str):
            raise MalformedRulesError("its bytes are not in the canonical form of envctl")
        _check_keys(document.content)
        to_rules(document)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise MalformedRulesError(str(error)) from error
    return document


def to_rules(document: RulesDocument) -> Rules:
    """Return the rules with today's defaults: after the entry the usual gates, unless approvals are set."""
    from envctl.domain.config.stateful_types import STATEFUL

    said, parity = document.content, document.content.get("parity")
    gates, allow = (
        {name: _read_value(name, value) for name, value in said.get(table, {}).items()} for table in ("gates", "allow")
    )
    usual = DEFAULT_GATES if document.predecessors else {}
    approvals = dict(gates.get("approvals", usual))
    # Codes of a newer envctl count for nothing.
    listed = set(gates.get("waivable", ()))
    resolved = {
        "approvals": approvals,
        "is_usual": bool(usual) and "approvals" not in gates,
        # A single gate is meant without naming it.
        "reviewers": gates.get("reviewers") or (next(iter(approvals)) if len(approvals) == 1 else ""),
        "waivable": tuple(c for c in GuardCode if listed and {c.guard, c.value} & listed and c not in NEVER_WAIVED),
        "may_differ": None if parity is None else frozenset(parity.get("may_differ", ())),
        "protected": said.get("protected", False),
        "max_destroys": said.get("max_destroys", _MAX_DESTROYS),
        "stateful": STATEFUL | frozenset(said.get("protection", {}).get("stateful", ())),
        "signers": frozenset(said.get("signatures", {}).get("signers", ())),
        "checks": {name: format_check_digest(name, table) for name, table in said.get("checks", {}).items()},
    }
    return Rules.model_construct(**{**gates, **allow, **resolved})


def format_check_digest(name: str, table: Mapping[str, Any]) -> str:
    """Return the name of a check with the digest of its table."""
    return f"{name}:{digest_text(to_canonical_json(table))}"


def _list_vouchers(project: "Project", environment: str) -> dict[str, str]:
    """Return whose tokens name people of `allow`, and GitHub's environment of reviewers, as far as envctl.toml says."""
    github = project.ci.github
    found = {
        "github": github.issuer,
        "github_environment": github.environments.get(environment),
        "gitlab": project.ci.gitlab if project.ci.names_gitlab else None,
    }
    return {key: value for key, value in found.items() if value}


def _collect_checks(project: "Project", source: str) -> dict[str, Any]:
    """Return the checks of the previous environment, required in its evidence."""
    every = project.every_check if source else {}
    return {
        name: to_check_table(each)
        for name, each in every.items()
        if not each.environments or source in each.environments
    }


def _collect_rollouts(project: "Project", environment: str) -> dict[str, Any]:
    """Return rollout tables by stack, with `abort_on` sorted, since its order has no meaning."""
    stacks = project.view_for(environment).stacks
    tables = {name: _to_plain_json(stack.rollout) for name, stack in stacks.items() if stack.rollout is not None}
    return {
        name: {**table, "abort_on": sorted(table["abort_on"])} if "abort_on" in table else table
        for name, table in tables.items()
    }


def to_check_table(check: "Check") -> dict[str, Any]:
    """Return the keys of a check except `environments`."""
    return {key: value for key, value in _to_plain_json(check).items() if key != "environments"}


def _to_plain_json(value: object) -> Any:  # noqa: ANN401 (any JSON)
    """Return the value as plain JSON; tables hold only keys set in envctl.toml, under their names there."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        said = {fields[name].alias or name: getattr(value, name) for name in fields if name in value.model_fields_set}
        # A key without a value counts as unset.
        return {name: _to_plain_json(each) for name, each in said.items() if each is not None}
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    if isinstance(value, Mapping):
        return {str(name): _to_plain_json(each) for name, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(value)
    return [_to_plain_json(each) for each in value] if isinstance(value, tuple | list) else value


def _sort_sets(said: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Return the content with unordered lists sorted."""
    found: dict[str, Any] = {}
    for key, value in said.items():
        here = f"{path}{key}"
        if isinstance(value, Mapping) and key != "checks":
            found[key] = _sort_sets(value, f"{here}.")
        else:
            unordered = here in _UNORDERED_LISTS or here.startswith("allow.approve.")
            found[key] = sorted(value) if unordered and isinstance(value, list) else value
    return found


def _read_value(name: str, value: Any) -> Any:  # noqa: ANN401 (any JSON)
    """Return a recorded value of gates or permissions, without validation: a stricter later envctl must not drop it."""
    if name in DURATION_GATES:
        return parse_duration(value)
    if isinstance(value, list):
        return tuple(WindowTable.from_recorded(each) if isinstance(each, Mapping) else each for each in value)
    return {key: _read_value("", each) for key, each in value.items()} if isinstance(value, Mapping) else value


def _check_keys(said: Mapping[str, Any]) -> None:
    unknown = [key for key in said if key not in _KEYS]
    unknown += [f"{name}.{key}" for name, keys in _TABLES.items() for key in said.get(name, {}) if key not in keys]
    if unknown or not isinstance(said["order"], dict):
        raise MalformedRulesError(f"unknown: {', '.join(unknown)}; it may have been written by a newer envctl")
