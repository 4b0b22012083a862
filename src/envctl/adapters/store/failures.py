"""Problem messages and hints for store failures."""

import re

from envctl.adapters.store.s3_errors import (
    CREDENTIALS_PREFIX,
    ErrorKind,
    describe_clock_skew,
    extract_code,
    extract_denied_action,
    extract_reason,
)
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem


def describe_failure(kind: ErrorKind, text: str, *, url: str, verb: str, region: str = "", found: str = "") -> Problem:
    """Describe a failure. `verb` is opened, written, read or listed; `region` is configured, `found` real if known."""
    bucket = url.removeprefix("s3://").partition("/")[0]
    store, why = f"the store {url} can't be {verb}", extract_reason(text)
    match kind:
        case ErrorKind.NO_BUCKET:
            hint = f"correct url, or create it: {format_command('bootstrap')}"
            return Problem("E450", f"{store}: there is no bucket {bucket}", hint)
        case ErrorKind.ELSEWHERE:
            there = f"in {found}" if found else "in another region"
            ask = f"find it with aws s3api get-bucket-location --bucket {bucket}, and write it into [store] region"
            hint = f'write region = "{found}" into [store]' if found else ask
            return Problem("E451", f"{store}: the bucket {bucket} is {there}, not in {region}", hint)
        case ErrorKind.DENIED:
            return Problem("E452", f"{store}: {why}", _permission_hint(bucket, verb, text))
        case ErrorKind.UNKNOWN_CALLER:
            inner = re.search(rf"{CREDENTIALS_PREFIX}: (?:\w+: )?(.*)", text)
            why = inner[1].strip() if inner else why
            return Problem("E453", f"{store}: {why}", "sign in again, or set AWS_PROFILE to a profile with permission")
        case ErrorKind.THROTTLED | ErrorKind.BUSY:
            return Problem("E455", f"{store}: S3 still failed after retries: {why}", "try again in a minute")
        case ErrorKind.UNANSWERED | ErrorKind.UNREACHABLE | ErrorKind.UNTRUSTED:
            return _describe_network_failure(kind, store, text)
        case ErrorKind.SKEWED:
            message = f"{store}: {describe_clock_skew(text)}; AWS allows at most 15"
            return Problem("E458", message, "set the clock (NTP)")
        case ErrorKind.OTHER:
            return Problem("E404", f"{store}: {why}", _suggest_repair(text, url))


def _describe_network_failure(kind: ErrorKind, store: str, text: str) -> Problem:
    if kind is ErrorKind.UNTRUSTED:
        message = f"{store}: its certificate is from an unknown authority"
        return Problem("E457", message, "if it is from your own proxy, set its authority: AWS_CA_BUNDLE=FILE")
    if kind is ErrorKind.UNREACHABLE:
        hint = "check the network, the proxy (HTTPS_PROXY) and the region"
        return Problem("E457", f"{store}: {extract_reason(text)}", hint)
    why = "no answer in time" if "kind: Timeout" in text else "the connection broke off"
    if extract_code(text) or "status code" in text:
        why = extract_reason(text)
    return Problem("E456", f"{store}: {why}", "check the network and the proxy, and try again")


_ACTIONS = {"read": "s3:GetObject", "listed": "s3:ListBucket", "written": "s3:PutObject"}


def _permission_hint(bucket: str, verb: str, text: str) -> str:
    action = extract_denied_action(text, _ACTIONS.get(verb, "s3:ListBucket"))
    where = f"arn:aws:s3:::{bucket}" if action == "s3:ListBucket" else f"arn:aws:s3:::{bucket}/*"
    hint = f"your credentials need {action}" + (f" on {where}" if action.startswith("s3:") else "")
    # Without s3:ListBucket, S3 reports missing objects as denied.
    return f"{hint}, and s3:ListBucket on arn:aws:s3:::{bucket}" if verb == "read" else hint


def _suggest_repair(text: str, url: str) -> str:
    if "Read-only file system" in text:
        return f"this disk is read-only: mount it for writing, or name another store: [store] url (now {url})"
    if "Permission denied" in text:
        return "check who owns the folder of the store, and its permissions"
    return "fix that, and run the command again"
