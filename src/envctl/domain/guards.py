"""Guards: pure rules that answer *why not*. All are asked, and all refusals are shown at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from envctl.domain.errors import EnvctlError, ExitCode, Problem
from envctl.domain.ledger import Actor
from envctl.domain.pipeline import Pipeline
from envctl.domain.present import Approval, Deployment, Present

Bundle = Literal["intact", "missing", "damaged"]


@dataclass(frozen=True)
class Request:
    """What is asked for, and all that the guards may know about it.

    `release` is None where the target (apply) or the source (promote) has none. `settings` is the digest of the
    target's settings. `approvals` says how many people each gate of the target asks for.
    """

    action: Literal["apply", "promote"]
    pipeline: Pipeline
    target: str
    source: str | None
    release: str | None
    settings: str
    bundle: Bundle
    present: Present
    actor: Actor
    approvals: Mapping[str, int]
    self_approval: bool


@dataclass(frozen=True)
class Refusal:
    """`for_now` means that it can open without a change of what is asked for: an approval, an end, time."""

    code: str
    guard: str
    message: str
    hint: str
    for_now: bool = False


@dataclass(frozen=True)
class Guard:
    code: str
    name: str
    check: Callable[[Request], Refusal | None]


class RefusedError(EnvctlError):
    """At least one guard said no."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        super().__init__(*(Problem(r.code, f"{r.guard}: {r.message}", r.hint) for r in refusals))
        self.refusals = refusals
        self.exit_code = ExitCode.REFUSED_FOR_NOW if all(r.for_now for r in refusals) else ExitCode.REFUSED


def short(release: str) -> str:
    """The twelve characters by which people call a release."""
    return release[:12]


def order(request: Request) -> Refusal | None:
    """G101: code enters at the first environment, and moves one step at a time."""
    pipeline, target, source = request.pipeline, request.target, request.source
    if request.action == "apply":
        return None
    before = pipeline.before(target)
    if source == before:
        return None
    if before is None:
        return Refusal(
            "G101",
            "order",
            f"{target} is where code enters ({pipeline}); nothing is promoted into it",
            pipeline.way_into(target),
        )
    if source == target:
        message = f"{target} can't be promoted to itself"
    elif source is not None and pipeline.order.index(source) > pipeline.order.index(target):
        message = f"releases never flow back: {source} comes after {target} in {pipeline}"
    else:
        message = f"{target} takes releases from {before} alone; promoting from {source} skips a stage of {pipeline}"
    return Refusal("G101", "order", message, pipeline.way_into(target))


def provenance(request: Request) -> Refusal | None:
    """G102: the release was deployed right before the target, to its end, and is still the very same bytes."""
    release, entry = request.release, request.pipeline.entry
    if request.action == "apply":
        if request.target == entry:
            return None
        if release is None:
            return _unproven(
                f"{request.target} has no release yet, and takes code by promotion alone",
                request.pipeline.way_into(request.target),
            )
        return _bundle(request, release)
    source = request.source or entry
    there = request.present.of(source)
    if release is None:
        return _unproven(f"nothing was ever deployed to {source}", request.pipeline.way_into(source))
    if release not in there.proven:
        failed = there.last if there.last and there.last.release == release else None
        how = f"its last deployment there {_ended(failed)}" if failed else "it was never deployed there"
        return _unproven(
            f"release {short(release)} is not proven in {source}: {how}", request.pipeline.way_into(source)
        )
    return _bundle(request, release)


def approvals(request: Request) -> Refusal | None:
    """G106: each gate of the target has its approvals, for this release and these settings, by enough people."""
    if request.release is None:
        return None
    open_gates = {gate: missing for gate, missing in gates(request).items() if missing > 0}
    if not open_gates:
        return None
    wanted = ", ".join(
        f"{gate} ({request.approvals[gate] - missing} of {request.approvals[gate]})"
        for gate, missing in open_gates.items()
    )
    own = "" if request.self_approval else "; who wrote or promotes the release can't approve it"
    return Refusal(
        "G106",
        "approvals",
        f"release {short(request.release)} lacks approvals for {request.target}: {wanted}{own}",
        f"envctl approve {request.target} --gate {next(iter(open_gates))} --release {short(request.release)}",
        for_now=True,
    )


def busy(request: Request) -> Refusal | None:
    """G109: one deployment at a time, and none on top of one whose end nobody knows."""
    running = request.present.of(request.target).unfinished
    if running is None:
        return None
    return Refusal(
        "G109",
        "busy",
        f"a deployment of {short(running.release)} to {request.target} by {running.by} is unfinished"
        f" since {running.started_at:%Y-%m-%d %H:%M} UTC",
        f"wait for its end, or, if it was interrupted: envctl recover {request.target}",
        for_now=True,
    )


GUARDS: tuple[Guard, ...] = (
    Guard("G101", "order", order),
    Guard("G102", "provenance", provenance),
    Guard("G106", "approvals", approvals),
    Guard("G109", "busy", busy),
)


def ask(request: Request) -> tuple[Refusal, ...]:
    """Every refusal, in the order of the guards."""
    return tuple(refusal for guard in GUARDS if (refusal := guard.check(request)))


def gates(request: Request) -> dict[str, int]:
    """For each gate of the target, how many approvals are still missing."""
    return {gate: max(0, count - len(_approvers(request, gate))) for gate, count in request.approvals.items()}


def makers(request: Request) -> frozenset[str]:
    """Who made the release: who wrote its last commit, and who had envctl bundle it."""
    known = request.present.releases.get(request.release or "")
    return frozenset({known.author, known.by.name} - {""}) if known else frozenset()


def _approvers(request: Request, gate: str) -> set[str]:
    barred = set() if request.self_approval else {request.actor.name, *makers(request)}

    def counts(approval: Approval) -> bool:
        return (
            approval.gate == gate
            and approval.release == request.release
            and approval.settings == request.settings
            and approval.by.name not in barred
        )

    return {approval.by.name for approval in request.present.of(request.target).approvals if counts(approval)}


def _bundle(request: Request, release: str) -> Refusal | None:
    match request.bundle:
        case "intact":
            return None
        case "missing":
            message = f"the bundle of release {short(release)} is not in the store"
        case "damaged":
            message = f"the bundle of release {short(release)} is damaged: its content is not what its name says"
    return _unproven(
        message, f"restore it from a backup of the store, or make a new release: envctl apply {request.pipeline.entry}"
    )


def _unproven(message: str, hint: str) -> Refusal:
    return Refusal("G102", "provenance", message, hint)


def _ended(deployment: Deployment) -> str:
    return "is unfinished" if deployment.outcome == "unfinished" else f"{deployment.outcome}"
