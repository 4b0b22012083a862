"""G202: that the secrets which the settings of the target name are there."""

from envctl.domain.aws.secret_status import problem
from envctl.domain.guards.request import Refusal, Request


def secrets(request: Request) -> Refusal | None:
    """G202: each has a current version in the account of the target. What nobody could look at is not."""
    seen = request.secrets or ()
    missing = [each for each in seen if each.missing]
    unknown = [each for each in seen if each.state == "unknown"]
    if request.action == "destroy" or not (missing or unknown):
        return None
    because = tuple(found for each in (*missing, *unknown) if (found := problem(each, request.target)))
    told = [
        f"{_counted(len(missing))} missing in {request.target}" if missing else "",
        f"{_counted(len(unknown))} there or not, nobody could tell" if unknown else "",
    ]
    hint = f"create what is listed, and look again with: envctl secrets check {request.target}"
    if not missing:
        hint = f"mend what is listed, and look again with: envctl secrets check {request.target}"
    return Refusal("G202", "secrets", "; ".join(filter(None, told)), hint, because=because)


def _counted(number: int) -> str:
    return "1 secret is" if number == 1 else f"{number} secrets are"
