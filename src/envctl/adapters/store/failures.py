"""What is wrong with a store, in words, and what to do about it."""

import re

from envctl.adapters.store.s3_errors import PROVIDER, Kind, clock, code_in, denied_action, reason
from envctl.domain.errors import Problem


def problem(kind: Kind, said: str, *, url: str, verb: str, region: str = "", found: str = "") -> Problem:
    """In words. `verb` is what could not be done: opened, written, read or listed; `region` is where the bucket was
    looked for, and `found` where it is, as far as that is known.
    """
    bucket = url.removeprefix("s3://").partition("/")[0]
    store, why = f"the store {url} can't be {verb}", reason(said)
    match kind:
        case Kind.NO_BUCKET:
            return Problem("E450", f"{store}: there is no bucket {bucket}", "envctl bootstrap makes it, or correct url")
        case Kind.ELSEWHERE:
            there = f"in {found}" if found else "in another region"
            ask = f"aws s3api get-bucket-location --bucket {bucket} says which; write it into [store] region"
            hint = f'write region = "{found}" into [store]' if found else ask
            return Problem("E451", f"{store}: the bucket {bucket} is {there}, not in {region}", hint)
        case Kind.DENIED:
            return Problem("E452", f"{store}: {why}", _permit(bucket, verb, said))
        case Kind.UNKNOWN_CALLER:
            return Problem("E453", f"{store}: {_signed_out(said)}", "sign in again, or set AWS_PROFILE to one that may")
        case Kind.THROTTLED | Kind.BUSY:
            return Problem("E455", f"{store}: S3 was asked again and again, and says: {why}", "try again in a minute")
        case Kind.UNANSWERED | Kind.UNREACHABLE | Kind.UNTRUSTED:
            return _network(kind, store, said)
        case Kind.SKEWED:
            return Problem("E458", f"{store}: {clock(said)}, and AWS takes no more than 15", "set the clock (NTP)")
        case Kind.OTHER:
            return Problem("E404", f"{store}: {why}", "mend it and try again")


def _network(kind: Kind, store: str, said: str) -> Problem:
    if kind is Kind.UNTRUSTED:
        message = f"{store}: the certificate that was shown is of an authority that is not known here"
        return Problem("E457", message, "if that is your own proxy's, name its authority: AWS_CA_BUNDLE=FILE")
    if kind is Kind.UNREACHABLE:
        return Problem("E457", f"{store}: {reason(said)}", "check the network, the proxy (HTTPS_PROXY) and the region")
    return Problem("E456", f"{store}: {_silence(said)}", "check the network and the proxy, and try again")


def not_owned(url: str, verb: str, owner: str) -> Problem:
    message = f"the store {url} can't be {verb}: its bucket is somebody else's, not of account {owner}"
    return Problem("E454", message, "correct url or account_id in [store]: nothing was sent there")


_ACTIONS = {"read": "s3:GetObject", "listed": "s3:ListBucket", "written": "s3:PutObject"}


def _permit(bucket: str, verb: str, said: str) -> str:
    action = denied_action(said, _ACTIONS.get(verb, "s3:ListBucket"))
    where = f"arn:aws:s3:::{bucket}" if action == "s3:ListBucket" else f"arn:aws:s3:::{bucket}/*"
    hint = f"your credentials need {action}" + (f" on {where}" if action.startswith("s3:") else "")
    # Without it, S3 does not say that an object is not there, but that one may not see it.
    return f"{hint}, and s3:ListBucket on arn:aws:s3:::{bucket}" if verb == "read" else hint


def _signed_out(said: str) -> str:
    inner = re.search(rf"{PROVIDER}: (?:\w+: )?(.*)", said)
    return inner[1].strip() if inner else reason(said)


def _silence(said: str) -> str:
    if code_in(said) or "status code" in said:
        return reason(said)
    return "no answer came in time" if "kind: Timeout" in said else "the connection broke off"
