"""Stacks removed or renamed by the deployment of a release."""

from envctl.domain.config.project import Project
from envctl.domain.ledger.state import LedgerState
from envctl.domain.plan.changes import Changeover, Fate, plan_changeover
from envctl.domain.release.bundle import Wiring
from envctl.usecases.ports.context import Context
from envctl.usecases.release import bundle_store


def find_changeover(
    context: Context, present: LedgerState, environment: str, wiring: Wiring, *, release: str = ""
) -> Changeover:
    """Compare the release with the deployed stacks. `release` is its name, empty if new."""
    here = present.find_environment(environment)
    renamed = {name: stack.moved_from for name, stack in wiring.stacks.items()}
    before: dict[str, str] = {}
    if not here.held_stacks <= renamed.keys():
        # A removed stack may return under its earlier name.
        for each in dict.fromkeys(each.release for each in (here.current, here.last) if each):
            found = bundle_store.load_bundle(context.ports, each)[1]
            before |= {name: each.moved_from for name, each in found.wiring.stacks.items()} if found else {}
    fates = _find_fates(context.project, present, environment, wiring, release)
    return plan_changeover(here.held_stacks, renamed, before, fates, here.renamed)


def find_destroy_changeover(present: LedgerState, environment: str, wiring: Wiring) -> Changeover:
    """Return the changeover of a destroy: stacks unknown to the release, or with a missing dependency."""
    here = present.find_environment(environment)
    broken = {name for name, stack in wiring.stacks.items() if not here.stacks.issuperset(stack.needs)}
    whole = wiring.stacks.keys() - (broken & here.held_stacks)
    leaving: dict[str, Fate] = dict.fromkeys(sorted(here.held_stacks - whole), "destroy")
    return Changeover(leaving, former_names={new: old for new, old in here.renamed.items() if new in whole})


def _find_fates(
    project: Project, present: LedgerState, environment: str, wiring: Wiring, release: str
) -> dict[str, Fate]:
    """Return the fates in the release. For a rollback, stacks newer than the release follow the project file."""
    current = present.find_environment(environment).current
    if release and current and not present.is_newer(release, current.release):
        return {**{name: each.then for name, each in project.removed.items()}, **wiring.removed}
    return dict(wiring.removed)
