"""Everything is as the book says, but what a machine or the store holds: clocks, files, Terraform, objects."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from envctl.domain.ledger import checkpoint
from envctl.domain.rules.document import find_rules
from envctl.usecases.ledger import ledger_store
from envctl.usecases.project import project_file
from tests.fakes.checkpoints import decode_state, encode_state
from tests.fakes.world import MemoryTree
from tests.usecases.commands import How, more
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.people import EVE
from tests.usecases.laws.temptations.temptations import Temptation, ready, tries_prod


def _clock_is_wrong(off: timedelta) -> Callable[[Actors, How], None]:
    """Of the machine that proves it, and of the one that promotes it."""

    def tries(actors: Actors, how: How) -> None:
        release = actors.proves()
        actors.here.has_clock_off(off)
        actors.verifies("staging")
        actors.waits_until_open()
        actors.here.has_clock_off(timedelta())
        actors.all_approve(release)
        actors.here.has_clock_off(off)
        tries_prod(actors, how, release)
        actors.here.has_clock_off(timedelta())
        tries_prod(actors, how, release)

    return tries


def _approvals_have_expired_by_a_clock_that_is_right(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.passes(timedelta(hours=9))
    actors.waits_until_open()
    actors.here.has_clock_off(-timedelta(hours=9))
    tries_prod(actors, how, release)
    actors.here.has_clock_off(timedelta())


def _a_checkpoint_is_forged(actors: Actors, how: How) -> None:
    """It says of the release that dev runs that staging runs it too, verified: no entry says so."""
    actors.mends()
    actors.fresh += 1
    actors.edits_code(f"forged {actors.fresh}")
    done = actors.applies("dev")
    actors.passes(timedelta(hours=25))
    actors.waits_until_open()
    if done is None:
        return
    while actors.present.seq % checkpoint.INTERVAL != 1:
        actors.unlocks("dev") if actors.oracle.places["dev"].locked else actors.locks("dev")
    key, content = ledger_store.checkpoint_key(actors.present.seq - 1), actors.shared.content
    honest, kept = content[key], decode_state(content[key])
    if kept is None:
        raise AssertionError("no checkpoint was left")
    ran, marks = (
        kept.find_environment("dev"),
        find_rules(project_file.load_project(actors.here), "prod").checks.values(),
    )
    # With all the checks that prod asks for.
    evidence = {
        name: replace(proof, passed=dict.fromkeys(marks, proof.verified_at or proof.deployment.started_at))
        for name, proof in ran.evidence.items()
    }
    lie = replace(kept, environments={**kept.environments, "staging": replace(ran, evidence=evidence)})
    content[key] = encode_state(lie)
    try:
        actors.all_approve(done.release)
        tries_prod(actors, how, done.release)
    finally:
        content[key] = honest


def _another_project_has_the_same_store(actors: Actors, how: How) -> None:
    """It makes a release of its own there, and tries to bring it where the first project is."""
    actors.proves()
    files = dict(actors.shared.tree.content)
    files["envctl.toml"] = files["envctl.toml"].replace(b'name = "shop"', b'name = "blog"')
    foreign = actors.machine(MemoryTree(files))
    actors.applies("dev", how, at=foreign)
    actors.promotes("dev", "staging", how, at=foreign)
    actors.locks("prod", at=foreign)


def _the_store_loses_its_last_entry(actors: Actors, how: How) -> None:
    """It was the one that says that the release failed a check."""
    release = ready(actors)
    actors.fails_a_check("staging")
    content = actors.shared.content
    key = max(name for name in content if name.startswith(ledger_store.ENTRY_FOLDER))
    lost = content.pop(key)
    try:
        tries_prod(actors, how, release)
    finally:
        content.setdefault(key, lost)


@contextmanager
def _replaced(actors: Actors, objects: dict[str, bytes | None]) -> Iterator[None]:
    """Puts other bytes in the place of these objects of the store, or none, until the block ends."""
    content = actors.shared.content
    honest = {key: content.pop(key) for key in objects if key in content}
    content.update({key: data for key, data in objects.items() if data is not None})
    try:
        yield
    finally:
        for key in objects:
            content.pop(key, None)
        content.update(honest)


def _kept_plans(actors: Actors) -> set[str]:
    return {key for key in actors.shared.content if key.startswith("plans/")}


def _the_bundle_is_damaged(actors: Actors, how: How) -> None:
    release = ready(actors)
    key = ledger_store.release_key(release)
    damaged = bytearray(actors.shared.content[key])
    damaged[len(damaged) // 2] ^= 1
    with _replaced(actors, {key: bytes(damaged)}):
        tries_prod(actors, how, release)


def _the_bundle_is_another(actors: Actors, how: How) -> None:
    """Under the name of what is proven lies what was never verified."""
    release = ready(actors)
    actors.fresh += 1
    actors.edits_code(f"smuggled {actors.fresh}")
    if done := actors.applies("dev", How(verify=False)):
        other = actors.shared.content[ledger_store.release_key(done.release)]
        with _replaced(actors, {ledger_store.release_key(release): other}):
            actors.promotes("dev", "staging", how, release=release)
            tries_prod(actors, how, release)


def _the_approved_plan_is_another(actors: Actors, how: How) -> None:
    """Under the fingerprint that was approved lies a plan that does more."""
    release = actors.proves()
    actors.soaks()
    before = _kept_plans(actors)
    actors.all_approve(release)
    approved = _kept_plans(actors) - before
    actors.shared.terraform.extra_changes["prod", "network"] = more("a server is made")
    actors.approves("peer", How(EVE), release=release)
    larger = _kept_plans(actors) - before - approved
    if approved and larger:
        forged = actors.shared.content[larger.pop()]
        with _replaced(actors, dict.fromkeys(approved, forged)):
            tries_prod(actors, how, release)


def _what_was_kept_is_gone(actors: Actors, how: How) -> None:
    release = ready(actors)
    kept = [key for key in actors.shared.content if key.startswith(("plans/", "places/", "settings/"))]
    actors.shared.terraform.extra_changes["prod", "network"] = more("a server is made")
    with _replaced(actors, dict.fromkeys(kept)):
        tries_prod(actors, how, release)


def _the_kept_places_are_exchanged(actors: Actors, how: How) -> None:
    """The place that was approved is said to be the one that prod is in now."""
    release = ready(actors)
    approved = {key for key in actors.shared.content if key.startswith("places/")}
    actors.fresh += 1
    actors.edits_place("account_id", actors.fresh)
    actors.approves("peer", How(EVE), release=release)
    now = {key for key in actors.shared.content if key.startswith("places/")} - approved
    if now:
        other = actors.shared.content[now.pop()]
        with _replaced(actors, dict.fromkeys(approved, other)):
            tries_prod(actors, how, release)


def _dev_has_another_provider(actors: Actors, how: How) -> None:
    """A check passes there all the same, later and with the pinned one."""
    actors.mends()
    actors.fresh += 1
    actors.edits_code(f"with another provider {actors.fresh}")
    if done := actors.applies("dev", How(replaced=True)):
        actors.verifies("dev")
        actors.looks_for_drift("dev")
        actors.promotes("dev", "staging", how, release=done.release)


def _dev_had_another_provider_since(actors: Actors, how: How) -> None:
    release = actors.proves()
    actors.edits_settings("dev", 84)
    actors.applies("dev", How(replaced=True))
    actors.verifies("dev")
    actors.edits_settings("staging", 85)
    actors.promotes("dev", "staging", how, release=release)


def _who_promotes_has_another_provider(actors: Actors, how: How) -> None:
    tries_prod(actors, replace(how, replaced=True), ready(actors))


def _who_approves_has_another_provider(actors: Actors, how: How) -> None:
    release = actors.proves()
    actors.soaks()
    actors.all_approve(release, replaced=True)
    tries_prod(actors, how, release)


def _who_looks_for_drift_has_another_provider(actors: Actors, how: How) -> None:
    release = ready(actors)
    for environment in ("dev", "staging"):
        actors.shared.terraform.drifted.add((environment, "web"))
        actors.looks_for_drift(environment, How(replaced=True))
    actors.shared.terraform.drifted.clear()
    tries_prod(actors, how, release)


def _code_is_edited_while_a_person_is_asked(actors: Actors, how: How) -> None:
    """That of the working tree, and that which lies ready in the work folder."""
    release = ready(actors)

    def edits() -> None:
        actors.fresh += 1
        actors.edits_code(f"in between {actors.fresh}")
        actors.plants("modules/web/planted.tf", actors.fresh)

    actors.here.meanwhile["asking"] = edits
    tries_prod(actors, how, release)


def _the_work_folder_holds_other_code(actors: Actors, how: How) -> None:
    release = ready(actors)
    for environment in ("staging", "prod"):
        actors.plants_in_work_folder(environment)
    actors.edits_settings("staging", 87)
    actors.promotes("dev", "staging", how, release=release)
    tries_prod(actors, how, release)


def _common_settings_are_others(actors: Actors, how: How) -> None:
    """Those of prod say nothing of the size, and what they leave to the common file changes."""
    actors.leaves_size_to_all("prod")
    release = ready(actors)
    actors.fresh += 1
    actors.edits_common(actors.fresh)
    tries_prod(actors, how, release)


def _settings_are_edited_while_a_person_is_asked(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.here.meanwhile["asking"] = lambda: actors.edits_settings("prod", 90)
    tries_prod(actors, how, release)


OF_THE_STORE: dict[str, Temptation] = {
    "a clock is a day behind": _clock_is_wrong(-timedelta(hours=25)),
    "a clock is a day ahead": _clock_is_wrong(timedelta(hours=25)),
    "the approvals have expired by the true clock": _approvals_have_expired_by_a_clock_that_is_right,
    "a checkpoint is forged": _a_checkpoint_is_forged,
    "another project has the same store": _another_project_has_the_same_store,
    "the store loses its last entry": _the_store_loses_its_last_entry,
    "a bundle is damaged": _the_bundle_is_damaged,
    "a bundle is another": _the_bundle_is_another,
    "the approved plan is another": _the_approved_plan_is_another,
    "what was kept is gone": _what_was_kept_is_gone,
    "the kept places are exchanged": _the_kept_places_are_exchanged,
}
OF_VARIABLES: dict[str, Temptation] = {
    "dev has another provider": _dev_has_another_provider,
    "dev had another provider since": _dev_had_another_provider_since,
    "who promotes has another provider": _who_promotes_has_another_provider,
    "who approves has another provider": _who_approves_has_another_provider,
    "who looks for drift has another provider": _who_looks_for_drift_has_another_provider,
}
OF_FILES: dict[str, Temptation] = {
    "code is edited while a person is asked": _code_is_edited_while_a_person_is_asked,
    "the work folder holds other code": _the_work_folder_holds_other_code,
    "common settings are others than were approved": _common_settings_are_others,
    "settings are edited while a person is asked": _settings_are_edited_while_a_person_is_asked,
}
OF_MACHINES = OF_THE_STORE | OF_VARIABLES | OF_FILES
