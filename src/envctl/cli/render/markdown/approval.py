"""What came of a person's word at a gate."""

from envctl.cli.render.markdown.pieces import (
    NEITHER,
    PASSES,
    WARNS,
    code,
    escaped,
    next_step,
    page,
    strong,
    table,
)
from envctl.domain.naming import short
from envctl.usecases.approve import Approved, Withdrawn


def approved(told: Approved) -> str:
    verb = "had already approved" if told.already else "approved"
    release = short(told.release)
    plan = f"It holds for plan {code(short(told.plan))}, and for one that does less." if told.plan else ""
    missing = ((NEITHER, escaped(gate), str(number)) for gate, number in told.missing.items())
    return page(
        f"## {PASSES} {escaped(told.environment)}: gate {escaped(told.gate)} approved",
        f"{strong(str(told.by))} {verb} release {code(release)} for {escaped(told.environment)}. {plan}".rstrip(),
        "\n".join(f"- {WARNS} {escaped(note)}" for note in told.notes),
        table(("", "gate", "approvals still missing"), missing)
        if told.missing
        else f"Every gate of {escaped(told.environment)} has its approvals for this release.",
        next_step(told.next),
    )


def withdrawn(told: Withdrawn) -> str:
    where = f"{escaped(told.environment)}: gate {escaped(told.gate)}"
    if not told.withdrawn:
        why = f"{strong(str(told.by))} has not approved release {code(short(told.release))} there."
        return page(f"## {NEITHER} {where}: nothing to take back", why if told.release else "No release waits there.")
    return page(
        f"## {PASSES} {where}: approval withdrawn",
        f"{strong(str(told.by))} no longer approves release {code(short(told.release))}.",
    )
