"""What came of a person's word at a gate."""

from envctl.cli.render.markdown.page.pieces import NEITHER, PASSES, WARNS, code, escaped, next_step, page, strong, table
from envctl.domain.text.short_ids import short
from envctl.usecases.approval.approve import Approved, Withdrawn
from envctl.usecases.approval.ci_reviewers import Reviewed, Reviewer


def approved(told: Approved) -> str:
    verb = "had already approved" if told.already else "approved"
    release = short(told.release)
    plan = f"It holds for plan {code(short(told.plan))}{_where(told)}, and for one that does less." if told.plan else ""
    return page(
        f"## {PASSES} {escaped(told.environment)}: gate {escaped(told.gate)} approved",
        f"{strong(str(told.by))} {verb} release {code(release)} for {escaped(told.environment)}. {plan}".rstrip(),
        _noted(told),
        _missing(told),
        next_step(told.next),
    )


def reviewed(told: Reviewed) -> str:
    who = "\n".join(f"- {_reviewer(each)}" for each in told.reviewers)
    return page(
        f"## {PASSES if told.reviewers else NEITHER} {escaped(told.environment)}: gate {escaped(told.gate)}, in GitHub",
        who or f"Nobody has let this job begin as a reviewer: in GitHub {escaped(told.environment)} asks for none.",
        f"Release {code(short(told.release))}, plan {code(short(told.plan))}{_where(told)}.",
        _noted(told),
        _missing(told),
        next_step(told.next),
    )


def _where(told: Approved | Reviewed) -> str:
    return f" in {escaped(told.where)}" if told.where else ""


def _reviewer(each: Reviewer) -> str:
    name = strong(each.name)
    if each.why:
        return f"{WARNS} {name} {escaped(each.why)}: does not count"
    return f"{PASSES} {name} {'had already approved' if each.outcome == 'already' else 'approved'}"


def _noted(told: Approved | Reviewed) -> str:
    return "\n".join(f"- {WARNS} {escaped(note)}" for note in told.notes)


def _missing(told: Approved | Reviewed) -> str:
    if not told.missing:
        return f"Every gate of {escaped(told.environment)} has its approvals for this release."
    missing = ((NEITHER, escaped(gate), str(number)) for gate, number in told.missing.items())
    return table(("", "gate", "approvals still missing"), missing)


def withdrawn(told: Withdrawn) -> str:
    where = f"{escaped(told.environment)}: gate {escaped(told.gate)}"
    if not told.withdrawn:
        why = f"{strong(str(told.by))} has not approved release {code(short(told.release))} there."
        return page(f"## {NEITHER} {where}: nothing to take back", why if told.release else "No release waits there.")
    return page(
        f"## {PASSES} {where}: approval withdrawn",
        f"{strong(str(told.by))} no longer approves release {code(short(told.release))}.",
    )
