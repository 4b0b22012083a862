"""Guard G202: the secrets named in the settings exist in the target."""

from envctl.domain.aws.secret_status import find_problem
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Refusal, Request


def check_secrets(request: Request) -> Refusal | None:
    """G202: each secret has a current version in the account of the target. Unknown states are refused too."""
    seen = request.secrets or ()
    missing = [each for each in seen if each.missing]
    unknown = [each for each in seen if each.state == "unknown"]
    if request.action == "destroy" or not (missing or unknown):
        return None
    because = tuple(found for each in (*missing, *unknown) if (found := find_problem(each, request.target)))
    ends = ((len(missing), f"missing in {request.target}"), (len(unknown), "there or not, nobody could tell"))
    told = [f"{'1 secret is' if count == 1 else f'{count} secrets are'} {end}" for count, end in ends if count]
    cure = "create" if missing else "mend"
    hint = f"{cure} what is listed, and look again with: envctl secrets check {request.target}"
    return Refusal(GuardCode.SECRETS, "; ".join(told), hint, because=because)
