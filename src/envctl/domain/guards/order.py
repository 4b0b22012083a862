"""G101 and G102: which way code may take, and that it is the very code which took it."""

from envctl.domain.guards.request import Refusal, Request
from envctl.domain.ledger.state import ended
from envctl.domain.text.short_ids import short


def order(request: Request) -> Refusal | None:
    """G101: code enters at the first environment, and moves one step at a time."""
    pipeline, target, source = request.pipeline, request.target, request.source
    if request.action != "promote":
        return None
    before = pipeline.before(target)
    if source == before:
        return None
    if pipeline.beside:
        message = f"{target} stands beside the pipeline; nothing is promoted into it"
    elif source not in pipeline.order:
        message = f"{source} stands beside the pipeline ({pipeline}); what it runs goes nowhere else"
    elif before is None:
        message = f"{target} is where code enters ({pipeline}); nothing is promoted into it"
    elif pipeline.order.index(source) > pipeline.order.index(target):
        message = f"releases never flow back: {source} comes after {target} in {pipeline}"
    elif source == target:
        message = f"{target} can't be promoted to itself"
    else:
        message = f"{target} takes releases from {before} alone; promoting from {source} skips a stage of {pipeline}"
    return Refusal("G101", "order", message, pipeline.way_into(target))


def provenance(request: Request) -> Refusal | None:
    """G102: the release was deployed right before the target, to its end, and is still the very same bytes."""
    match request.action:
        case "promote":
            return _promoted(request) or _made(request) or _bundle(request)
        case "rollback":
            return _rolled_back(request) or _made(request) or _bundle(request)
        case "apply" if request.target == request.pipeline.entry:
            return None
        case "apply":
            return _there_already(request) or _made(request) or _bundle(request)
        case "destroy":
            return _bundle(request)


def _promoted(request: Request) -> Refusal | None:
    source = request.source or request.pipeline.entry
    there = request.present.of(source)
    if request.release is None:
        ran = there.last is not None
        nothing = f"nothing runs in {source} any more" if ran else f"nothing was ever deployed to {source}"
        return _unproven(nothing, request.pipeline.way_into(source))
    again = there.unfinished is not None and there.unfinished.release == request.release
    if request.release in there.evidence and not again:
        return None
    failed = there.last if there.last and there.last.release == request.release else None
    how = f"its last deployment there {ended(failed)}" if failed else "it was never deployed there"
    return _unproven(
        f"release {short(request.release)} is not proven in {source}: {how}", request.pipeline.way_into(source)
    )


def _rolled_back(request: Request) -> Refusal | None:
    """A rollback goes to what was proven in the target itself, and only backwards."""
    target, last = request.target, request.here.last
    if request.again:
        return None
    if request.release is None:
        return _unproven(
            f"no earlier release was verified in {target}", f"envctl history {target} shows what was deployed there"
        )
    proof = request.here.evidence.get(request.release)
    if proof is None or not proof.verified:
        how = f": {proof.revoked}" if proof and proof.revoked else ""
        return _unproven(
            f"release {short(request.release)} has no verification that holds in {target}{how}",
            f"envctl history {target} shows what was verified there",
        )
    if last is not None and last.release == request.release:
        return _unproven(
            f"release {short(request.release)} is what was deployed to {target} last, not an earlier one",
            f"envctl apply {target}",
        )
    return None


def _there_already(request: Request) -> Refusal | None:
    if request.release is not None:
        return None
    return _unproven(
        f"{request.target} has no release yet, and takes code by promotion alone",
        request.pipeline.way_into(request.target),
    )


def _made(request: Request) -> Refusal | None:
    """That somebody says it was deployed is not enough: the entry by which it was made has to be believed as well."""
    known, wanted = request.known, request.pipeline.makes_for
    if known is not None and wanted in known.made_for:
        return None
    name = short(request.identity)
    message = f"nothing that is believed says where release {name} came from"
    anew = f"make a new release: envctl apply {request.pipeline.entry}"
    hint = f"see what is not believed: envctl ledger verify; or {anew}"
    if known is not None:
        whom = " and ".join(each or "the pipeline" for each in known.made_for)
        message, hint = f"release {name} was made for {whom} alone", anew
    return Refusal("G102", "provenance", message, hint, waivable=False)


def _bundle(request: Request) -> Refusal | None:
    name = short(request.identity)
    match request.bundle:
        case "intact":
            return None
        case "missing":
            message = f"the bundle of release {name} is not in the store"
        case "damaged":
            message = f"the bundle of release {name} is damaged: its content is not what its name says"
    entry = request.pipeline.entry
    hint = f"restore it from a backup of the store, or make a new release: envctl apply {entry}"
    return Refusal("G102", "provenance", message, hint, waivable=False)


def _unproven(message: str, hint: str) -> Refusal:
    return Refusal("G102", "provenance", message, hint)
