"""Guards G204, G205 and G206: settings and release fit the target."""

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.text.short_ids import shorten_id


def check_settings(request: Request) -> Refusal | None:
    """G204: the settings of the target fit the schema in the release."""
    if not request.unfit:
        return None
    count = len(request.unfit)
    what = "1 setting does" if count == 1 else f"{count} settings do"
    message = f"{what} not fit release {shorten_id(request.identity)} in {request.target}"
    hint = f"correct what is listed, and look at it with: envctl settings {request.target}"
    return Refusal(GuardCode.SETTINGS, message, hint, waivable=False, because=request.unfit)


def check_parity(request: Request) -> Refusal | None:
    """G205: the source has the same settings, except those in `may_differ`."""
    allowed = request.rules.may_differ
    if allowed is None or request.action != "promote":
        return None
    wrong = [name for name in request.differing if name not in allowed]
    if not wrong:
        return None
    source, target = request.source, request.target
    message = f"{source} and {target} differ in {', '.join(wrong)}, and so {source} proves little"
    hint = f"make them equal, or add what may differ to [parity] in envctl.toml; envctl diff {source} {target}"
    because = tuple(line for name in wrong for line in request.differing[name])
    return Refusal(GuardCode.PARITY, message, hint, because=because)


def check_committed(request: Request) -> Refusal | None:
    """G206: the release was made from a commit, if the target requires it."""
    known = request.known_release
    if not request.rules.committed or not request.can_bring_code or known is None or not known.uncommitted:
        return None
    message = f"release {shorten_id(known.release)} was made from a tree with uncommitted changes"
    hint = f"commit them, and make a new release: envctl apply {request.pipeline.entry}"
    return Refusal(GuardCode.CLEAN, message, hint)
