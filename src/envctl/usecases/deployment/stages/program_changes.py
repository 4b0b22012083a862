"""How the program that runs as Terraform differs from the one that deployed in the source."""

from envctl.domain.ledger.state import LedgerState
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.deployment.ledger_entries import detect_program
from envctl.usecases.deployment.progress import InitializedRelease
from envctl.usecases.ports.context import Context


def report_program_change(prepared: InitializedRelease, present: LedgerState) -> None:
    """Tell the operator if another program promotes the release than the one that deployed it in the source."""
    request, source = prepared.request, prepared.guard_request.source
    current = present.find_environment(source).current if source else None
    if request.action != "promote" or source is None or current is None or not current.program:
        return
    if found := detect_program(prepared):
        change = _describe_change(request.context, present, (source, request.target), (str(found), found.sha256))
        if change:
            request.context.ports.observer.on_message(change)


def describe_pinned_change(context: Context, present: LedgerState, source: str | None, target: str) -> str:
    """Return how the pinned program differs from that of the deployment in the source; empty without a pin.

    Which other program will promote a release is known on the machine that does it.
    """
    pin = context.project.terraform.pin
    if pin is None or source is None:
        return ""
    return _describe_change(context, present, (source, target), (str(pin.to_pin()), next(iter(pin.sha256.values()))))


def _describe_change(
    context: Context, present: LedgerState, environments: tuple[str, str], now: tuple[str, str]
) -> str:
    """Compare program and digest with those recorded in the source. Two of one pin are one program on two platforms."""
    (source, target), (name, digest) = environments, now
    current, pin = present.find_environment(source).current, context.project.terraform.pin
    if current is None or not current.program:
        return ""
    if current.program != name:
        other = current.program.split()[0] != name.split()[0]
        more = "; their providers may come from different registries" if other else ""
        return f"{source} was deployed with {current.program}, {target} is to be deployed with {name}{more}"
    digests = {current.program_sha256, digest}
    if len(digests) == 1 or "" in digests or (pin and digests <= {*pin.sha256.values()}):
        return ""
    builds = f"SHA-256 {shorten_id(current.program_sha256)}, now {shorten_id(digest)}"
    return f"{source} was deployed with another build of {name} than {target} is to be deployed with: {builds}"
