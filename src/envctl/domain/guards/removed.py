"""G305: that somebody said what becomes of a stack that the next release has no more."""

from envctl.domain.enumeration import listed
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.naming import short


def removed(request: Request) -> Refusal | None:
    """G305: in a protected environment no stack leaves before its fate is said. Elsewhere the plan shows what is
    destroyed, and its question asks for it.
    """
    unsaid = request.changeover.unsaid
    if not unsaid or not request.rules.protected or request.release is None:
        return None
    if request.action == "destroy":
        # That is refused as a whole.
        return None
    it = "it" if len(unsaid) == 1 else "them"
    message = (
        f"{request.target} holds {listed(unsaid)}, which release {short(request.identity)} no longer has,"
        f" and it does not say what becomes of {it}"
    )
    return Refusal("G305", "removed", message, _hint(request, unsaid[0]))


def _hint(request: Request, stack: str) -> str:
    said = f'add [removed.{stack}] with then = "destroy" or "forget" to envctl.toml'
    if request.action in ("rollback", "apply") and request.target != request.pipeline.entry:
        return f"{said}, and run it again: {request.command}"
    coming = request.changeover.coming
    renamed = f' (or, where {stack} was renamed, moved_from = "{stack}" under [stacks.{coming[0]}])' if coming else ""
    return f"{said}{renamed}, and make a release: envctl apply {request.pipeline.entry}"
