"""People vouch for entries from before there were keys; nothing is vouched for that could have been signed."""

import pytest

from envctl.domain.errors import OperationFailedError, UsageError
from envctl.domain.ledger.chain import Link, read_chain
from envctl.domain.ledger.entries import GENESIS, encode_entry
from envctl.domain.ledger.events import EnvironmentLocked, VerificationPassed
from envctl.domain.ledger.history_events import HistoryVouched
from envctl.domain.ledger.vouching import has_vouching
from envctl.usecases.approval.locking import lock_environment, unlock_environment
from envctl.usecases.approval.vouch import vouch_for_history
from envctl.usecases.inspect.history import verify_ledger
from envctl.usecases.ledger import journal
from envctl.usecases.project import signing_keys
from tests.catching import catch
from tests.fakes.signing import ORDER, Intruder, build_signed_project
from tests.fakes.store import MemoryHeadCache
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import deploy_to_staging

PEOPLE = 'approval_signing_key = "arn:aws:kms:ap-northeast-1:555555555555:alias/envctl-approve-{}"\n'
GATED = ("staging", "prod")


def build_project(gated: tuple[str, ...] = GATED) -> bytes:
    text = build_signed_project().decode()
    for name in gated:
        text = text.replace(f"[environments.{name}]\n", f"[environments.{name}]\n{PEOPLE.format(name)}")
    return text.encode()


@pytest.fixture
@make_once
def world() -> World:
    """A ledger of yesterday, without keys, in a project that has them now."""
    world = World()
    deploy_to_staging(world)
    lock_environment(world.ports, "staging", "mine")
    world.tree.content["envctl.toml"] = build_project()
    signing_keys.pin_keys(world.ports, create=True)
    return world


def find_staging_lock(world: World) -> object:
    return journal.load(world.ports).find_environment("staging").lock


def vouch(world: World, through: int, *names: str) -> None:
    vouch_for_history(world.ports, through, names)


def test_earlier_entries_count_once_all_people_vouched(world: World) -> None:
    last = list_entries(world)[-1].seq
    assert find_staging_lock(world) is None
    first = vouch_for_history(world.ports, last, ("staging",))
    assert (first.signed, first.missing) == (("staging",), ("prod",))
    assert len(first.entries) == last
    assert find_staging_lock(world) is None
    second = vouch_for_history(world.ports, last, ("prod",))
    assert (second.signed, second.missing) == (("prod",), ())
    present = journal.load(world.ports)
    assert present.find_environment("staging").lock
    assert present.find_environment("staging").current
    assert not present.unbelieved
    verify_ledger(world.ports)
    assert world.signatures.for_role("people").signed == [("staging", True), ("prod", True)]


def test_vouching_again_records_nothing(world: World) -> None:
    last = list_entries(world)[-1].seq
    vouch(world, last)
    after = len(list_entries(world))
    assert vouch_for_history(world.ports, last).signed_before == GATED
    assert len(list_entries(world)) == after


def test_entry_after_the_last_one_is_not_vouched_for(world: World) -> None:
    """Whatever time it has: the number counts."""
    last = list_entries(world)[-1].seq
    early = Intruder(world)
    forged = early.forge_entry(EnvironmentLocked("prod", "mine"))
    vouch(world, last)
    assert journal.load(world.ports).find_environment("prod").lock is None
    assert f"entry {forged.seq}" in catch(OperationFailedError, verify_ledger, world.ports).problems[0].message


def test_what_could_have_been_signed_is_not_vouched_for(world: World) -> None:
    last = list_entries(world)[-1].seq
    vouch(world, last)
    release = next(iter(journal.load(world.ports).releases))
    unlock_environment(world.ports, "staging")
    Intruder(world).forge_entry(EnvironmentLocked("staging", "forged"))
    Intruder(world).forge_entry(VerificationPassed("staging", release, 1))
    lock_environment(world.ports, "prod", "mine")
    vouch(world, list_entries(world)[-1].seq)
    assert find_staging_lock(world) is None
    assert len(journal.load(world.ports).unbelieved) == 1


def test_deployment_key_vouches_for_nothing(world: World) -> None:
    entries = list_entries(world)
    intruder = Intruder(world, keys=ORDER)
    for name in GATED:
        event = HistoryVouched(environment=name, number=entries[-1].seq, head=entries[-1].digest)
        intruder.forge_entry(event, key=name)
    assert find_staging_lock(world) is None


def test_vouching_for_another_history_is_not_trusted(world: World) -> None:
    first, second = (HistoryVouched(environment=name, number=3, head="0" * 64) for name in GATED)
    journal.append_event(world.ports, lambda _: first)
    journal.append_event(world.ports, lambda _: second)
    present = journal.load(world.ports)
    assert present.find_environment("staging").lock is None
    assert [each.why for each in present.unbelieved[-2:]] == ["it vouches for another history"] * 2


def test_every_machine_and_checkpoint_says_the_same(world: World) -> None:
    vouch(world, list_entries(world)[-1].seq)
    expected = journal.load(world.ports)
    for number in range(40):
        lock_environment(world.ports, "prod", f"{number}")
        unlock_environment(world.ports, "prod")
    world.head_cache = MemoryHeadCache()
    found = journal.load(world.ports)
    assert found.find_environment("staging") == expected.find_environment("staging")
    assert journal.audit_ledger(world.ports)[0].find_environment("staging") == expected.find_environment("staging")


BAD: dict[str, tuple[tuple[str, ...], int, str]] = {
    "a number after the last entry": (GATED, 99, "there is no entry 99 in the ledger"),
    "no key of people": ((), 1, "has no approval_signing_key"),
    "a gated environment without a key of people": (("staging",), 1, "prod has no approval_signing_key"),
}


@pytest.mark.parametrize(("gated", "through", "said"), BAD.values(), ids=BAD.keys())
def test_bad_vouching_is_refused(world: World, gated: tuple[str, ...], through: int, said: str) -> None:
    world.tree.content["envctl.toml"] = build_project(gated)
    (problem,) = catch(UsageError, vouch_for_history, world.ports, through).problems
    assert problem.code == "E065"
    assert said in problem.message
    assert problem.hint


def test_untrusted_vouching_costs_no_second_reading(world: World) -> None:
    """Otherwise one object after each checkpoint would make every command read the whole ledger."""
    last = list_entries(world)[-1]
    Intruder(world).forge_entry(HistoryVouched(environment="prod", number=last.seq, head=last.digest))
    assert not has_vouching(world.trust, read_links(world))
    vouch(world, last.seq)
    assert has_vouching(world.trust, read_links(world))


def read_links(world: World) -> list[Link]:
    stored = ((entry.seq, encode_entry(entry)) for entry in list_entries(world))
    return read_chain(stored, (0, GENESIS), world.trust).links
