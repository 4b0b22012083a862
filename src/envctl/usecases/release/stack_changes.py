"""Which stacks leave an environment, or are renamed there, when a release is deployed to it."""

from envctl.domain.config.project import Project
from envctl.domain.ledger.state import Present
from envctl.domain.plan.leaving_stacks import Changeover, Fate, compare_stacks
from envctl.domain.release.contents import Wiring
from envctl.usecases.ports.core import Ports
from envctl.usecases.release import bundle_store


def find_changeover(
    ports: Ports, project: Project, present: Present, environment: str, wiring: Wiring, *, release: str = ""
) -> Changeover:
    """`release` is the name of the release with that wiring; empty where it has none yet."""
    here = present.of(environment)
    renamed = {name: stack.moved_from for name, stack in wiring.stacks.items()}
    before: dict[str, str] = {}
    if not here.held <= renamed.keys():
        # What leaves may come back under the name that it had before.
        for each in dict.fromkeys(each.release for each in (here.current, here.last) if each):
            found = bundle_store.look(ports, each)[1]
            before |= {name: each.moved_from for name, each in found.wiring.stacks.items()} if found else {}
    return compare_stacks(
        here.held, renamed, before, _fates(project, present, environment, wiring, release), here.renamed
    )


def find_destroyed(present: Present, environment: str, wiring: Wiring) -> Changeover:
    """Of an environment that is destroyed with a release: the stacks that this has no more, and those that need one
    which is not there.
    """
    here = present.of(environment)
    whole = {
        name for name, stack in wiring.stacks.items() if name not in here.held or here.stacks.issuperset(stack.needs)
    }
    destroy: Fate = "destroy"
    return Changeover(
        leaving=dict.fromkeys(sorted(here.held - whole), destroy),
        called={new: old for new, old in here.renamed.items() if new in whole},
    )


def _fates(project: Project, present: Present, environment: str, wiring: Wiring, release: str) -> dict[str, Fate]:
    """What the release says. One that is no newer than what runs can't speak of what came since: of those stacks the
    project file says it.
    """
    current = present.of(environment).current
    if release and current and not present.newer(release, current.release):
        return {**project.fates, **wiring.removed}
    return dict(wiring.removed)
