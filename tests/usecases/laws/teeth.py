"""`make nightly`: takes one guard after the other away, and wants the laws of promotion to notice each time. The same
for the rules of the ledger, the store and the surroundings.

Laws that nothing breaks would prove nothing. G202, G204, G205 and G303 are not among those taken away: what the laws
let people do does not touch them.
"""

# ruff: noqa: T201 (a script prints)

import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from envctl.adapters.aws.credentials import tokens
from envctl.adapters.aws.credentials.identity import AwsIdentity, CredentialOrigin
from envctl.adapters.aws.credentials.tokens import Claims
from envctl.domain import guards
from envctl.domain.guards import authors, rules
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import list_people
from envctl.domain.ledger.projection import apply_entries, approvals
from envctl.domain.ledger.state import LedgerState
from envctl.domain.plan.fingerprint import PlanFingerprint, decode
from envctl.domain.release.bundle import File, Release, compute_identity, unpack
from envctl.usecases.approval import approve, reset_rules
from envctl.usecases.ledger import change_authors, journal, ledger_store
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import module_checks
from envctl.usecases.release import release_store
from tests.fakes.terraform import MemoryWorkspace
from tests.usecases import forgeries
from tests.usecases.commands import PLAINLY
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.draws import WAIVABLE
from tests.usecases.laws.machines import LEAVING
from tests.usecases.laws.temptations import (
    attacks,
    environment_edits,
    old_jobs,
    resets,
    rule_edits,
    stack_edits,
    temptations,
)
from tests.usecases.laws.temptations.temptations import Temptation
from tests.usecases.laws.test_promotion_laws import Promotion

CODES = sorted({*WAIVABLE, "G109"})
TRIES = settings(
    deadline=None,
    max_examples=1000,
    stateful_step_count=30,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
    print_blob=False,
)


def _believe_any(ports: Ports, number: int) -> LedgerState | None:
    kept = checkpoint.decode_checkpoint(ports.store.read(ledger_store.checkpoint_key(number)) or b"")
    return kept.present if kept else None


def _unpack_any(data: bytes, _: str) -> Release:
    return unpack(data, compute_identity(data))


def _believe_any_plan(ports: Ports, fingerprints: Iterable[str]) -> Mapping[str, PlanFingerprint]:
    stored = {each: ports.store.read(f"plans/{each}.json") for each in fingerprints if each}
    return {each: decode(data) for each, data in stored.items() if data is not None}


def _lay_beside(workspace: MemoryWorkspace, environment: str, files: Mapping[str, File]) -> None:
    workspace.code[environment] = {**workspace.code.get(environment, {}), **files}


def _forget(*_: object) -> None:
    return None


def _believe_any_token(_: AwsIdentity, said: Actor, standing: CredentialOrigin) -> Claims:
    return Claims(actor=said.name, repository="acme/shop", run_id="1", environment="prod")


def _keep_all(*_: object) -> object:
    return import_module("envctl.domain.plan.changes").NO_CHANGEOVER


def _without_guard(code: str) -> tuple[guards.Guard, ...]:
    return tuple(guard for guard in guards.GUARDS if guard.code != code)


Without = tuple[tuple[Any, str, object], ...]
RULES: dict[str, Without] = {
    "the clock of the store": (
        (ledger_store, "read_store_time", lambda ports: ports.clock.now()),
        (ledger_store, "check_clock", _forget),
        (approve, "check_clock", _forget),
        (journal, "choose_entry_time", lambda ports, now, event: ledger_store.EntryTime(ports.clock.now())),
    ),
    "the name of a checkpoint": ((journal, "_load_trusted", _believe_any),),
    "the witness": ((journal, "check_known_head", _forget),),
    "the owner of the store": (
        (journal, "check_store_owner", _forget),
        (journal, "claim_store", _forget),
        (release_store, "check_release_owner", _forget),
    ),
    "the name of a release": ((release_store, "unpack", _unpack_any),),
    "the name of an approved plan": ((release_store, "load_plans", _believe_any_plan),),
    "the pins of providers": ((module_checks, "require_pinned", _forget),),
    "the pins where drift is looked for": ((module_checks, "require_pinned_for_evidence", _forget),),
    "the clearing of the work folder": ((MemoryWorkspace, "write_code", _lay_beside),),
    "the record of replaced providers": ((module_checks, "find_unpinned", lambda ports: ()),),
    "the order of releases": ((guards, "GUARDS", _without_guard("G111")),),
    "the double question": ((guards, "list_views", lambda request: (request,)),),
    "what can't hold twice": ((guards, "GUARDS", _without_guard("G112")),),
    "the delay of a reset": ((rules, "RESET_DELAY", timedelta()),),
    "the persons who withdraw a reset": ((reset_rules, "_check_may_withdraw", _forget),),
    "the rules of an account": ((rules, "find_account_owners", lambda request: ()),),
    "what the ledger never deployed": ((guards, "GUARDS", _without_guard("G304")),),
    "the word for a part": ((guards, "GUARDS", _without_guard("G113")),),
    "the environments that are gone": ((import_module("envctl.usecases.inspect.status"), "find_gone", lambda *_: ()),),
    "the token that credentials came of": ((AwsIdentity, "_verify_claims", _believe_any_token),),
    "the issuer of a token": ((tokens, "_ISSUERS", re.compile(".*")),),
    "the names of one person": ((approvals, "has_same_name", lambda one, other: one.name == other.name),),
    "the end of approvals with their deployment": (
        (apply_entries, "_end_approvals", lambda state, done: state.approvals),
    ),
    "the authors since the deployment": (
        (authors, "list_changed_releases", lambda request: (request.known_release,) if request.known_release else ()),
    ),
    "the count by author": tuple(
        (import_module(f"envctl.domain.guards.{name}"), "count_people", lambda _, given: len(list_people(given)))
        for name in ("approvals", "gate_approvals", "gate_table", "plan", "rules")
    ),
    "the authors of settings": ((change_authors, "list_tree_paths", lambda *_: ()),),
    "the person who promotes": (
        (import_module("envctl.domain.guards.approvals"), "is_same_person", lambda one, other: False),
    ),
    "the machines that rules name": (
        (import_module("envctl.domain.guards.target"), "list_unnamed_machines", lambda *_: ()),
    ),
    "the end of approvals with a hold": ((apply_entries, "drop_approvals", lambda state, release: state),),
    "the word of AWS for a name": (
        (import_module("envctl.domain.guards.approvals"), "can_approve_at", lambda patterns, actor: True),
    ),
}
"""What each rule of the ledger and the store is made of, and what takes its place where it is gone."""
TEMPTING: dict[str, Mapping[str, Temptation]] = {
    "the order of releases": old_jobs.OF_AGE,
    "the word of AWS for a name": rule_edits.OF_NAMES,
    "the names of one person": rule_edits.OF_NAMES,
    "the end of approvals with their deployment": temptations.OF_PEOPLE,
    "the authors since the deployment": temptations.OF_AUTHORS,
    "the count by author": temptations.OF_AUTHORS,
    "the authors of settings": temptations.OF_AUTHORS,
    "the person who promotes": temptations.OF_PEOPLE,
    "the end of approvals with a hold": temptations.OF_PROD,
    "the double question": rule_edits.OF_RULES | rule_edits.OF_MORE | rule_edits.OF_STAGING,
    "what can't hold twice": rule_edits.OF_THE_ORDER,
    "the delay of a reset": resets.OF_RESETS,
    "the persons who withdraw a reset": resets.OF_RESETS,
    "the rules of an account": environment_edits.OF_ENVIRONMENTS,
    "what the ledger never deployed": environment_edits.OF_ENVIRONMENTS,
    "the word for a part": temptations.OF_PEOPLE,
    "the environments that are gone": environment_edits.OF_ENVIRONMENTS,
    "the token that credentials came of": forgeries.OF_TOKENS,
    "the issuer of a token": forgeries.OF_TOKENS,
    "the machines that rules name": forgeries.OF_TOKENS,
}
"""What tempts to break a rule, where that is not what machines and store hold."""
if LEAVING:
    RULES["the word for what leaves"] = ((guards, "GUARDS", _without_guard("G305")),)
    RULES["the plan of what leaves"] = (
        (import_module("envctl.usecases.release.deploy_request"), "plan_changeover", _keep_all),
    )
    TEMPTING["the word for what leaves"] = TEMPTING["the plan of what leaves"] = stack_edits.OF_STACKS


def temptations_of(rule: str) -> Mapping[str, Temptation]:
    return TEMPTING.get(rule, attacks.OF_MACHINES)


@contextmanager
def without(rule: str) -> Iterator[None]:
    """A guard by its code, or one of RULES."""
    gone: Without = RULES.get(rule) or ((guards, "GUARDS", _without_guard(rule)),)
    kept = [(place, name, getattr(place, name)) for place, name, _ in gone]
    for place, name, instead in gone:
        setattr(place, name, instead)
    try:
        yield
    finally:
        for place, name, usual in kept:
            setattr(place, name, usual)


def tempted(temptations: Mapping[str, Temptation]) -> Iterator[tuple[str, list[str]]]:
    """What the oracle says of each temptation, on a stage of its own."""
    for name, temptation in temptations.items():
        actors = Actors({"staging": frozenset(), "prod": frozenset()})
        try:
            temptation(actors, PLAINLY)
        finally:
            actors.leave()
        yield name, actors.oracle.broken


def noticed(rule: str) -> bool:
    with without(rule):
        if rule in RULES and any(broken for _, broken in tempted(temptations_of(rule))):
            return True
        try:
            run_state_machine_as_test(Promotion, settings=TRIES)
        except AssertionError:
            return True
    return False


def main() -> int:
    unnoticed = []
    for code in [*RULES, *CODES]:
        began = time.monotonic()
        found = noticed(code)
        print(f"without {code}: {'noticed' if found else 'NOT NOTICED'} ({time.monotonic() - began:.0f} s)", flush=True)
        unnoticed += [] if found else [code]
    print(f"{len(CODES) - len(unnoticed)} of {len(CODES)} guards were noticed when they were gone")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
