"""Guard G305: the fate of each stack dropped by the next release is declared."""

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.text.lists import join_names
from envctl.domain.text.short_ids import shorten_id


def check_removed(request: Request) -> Refusal | None:
    """G305: no stack leaves a protected environment without a declared fate. Elsewhere the plan shows the destroyed
    resources, and its confirmation covers them.
    """
    unsaid = [name for name, fate in request.changeover.leaving.items() if not fate]
    if not unsaid or not request.rules.protected or request.release is None:
        return None
    if request.action == "destroy":
        # G301 refuses it.
        return None
    it = "it" if len(unsaid) == 1 else "them"
    lost = f"{join_names(unsaid)}, which release {shorten_id(request.identity)} no longer has"
    message = f"{request.target} holds {lost}, and it does not say what becomes of {it}"
    return Refusal(GuardCode.REMOVED, message, _suggest_fate(request, unsaid[0]))


def _suggest_fate(request: Request, stack: str) -> str:
    said = f'add [removed.{stack}] with then = "destroy" or "forget" to envctl.toml'
    if request.action in ("rollback", "apply") and request.target != request.pipeline.entry:
        return f"{said}, and run it again: {request.command}"
    coming = request.changeover.new_stacks
    renamed = f' (or, where {stack} was renamed, moved_from = "{stack}" under [stacks.{coming[0]}])' if coming else ""
    return f"{said}{renamed}, and make a release: envctl apply {request.pipeline.entry}"
