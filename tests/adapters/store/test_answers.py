"""What obstore says, word for word as it said it, and what is understood of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.adapters.store.failures import describe_failure
from envctl.adapters.store.s3_errors import (
    ErrorKind,
    classify_error,
    describe_clock_skew,
    extract_denied_action,
    extract_reason,
    extract_region,
    was_retried,
)

ASKED = "Generic S3 error: Error performing GET https://s3.ap-northeast-1.amazonaws.com/shop/a in 2.1s"
REFUSED = f"{ASKED} - Server returned non-2xx status code: 403 Forbidden: "
RETRIED = f"{ASKED}, after 2 retries, max_retries: 2, retry_timeout: 5s  - HTTP error: error sending request"
NOT_SENT = f"{RETRIED}\n\nDebug source:\n"
SIGNED_OUT = "The operation lacked valid authentication credentials for path External AWS credential provider: "
DNS = (
    NOT_SENT
    + """
            inner: Http(
                HttpError {
                    kind: Connect,
                    source: reqwest::Error {
                        kind: Request,
                        source: hyper_util::client::legacy::Error(
                            Connect,
                            ConnectError(
                                "dns error",
                                Custom {
                                    kind: Uncategorized,
                                    error: "failed to lookup address information: Name or service not known",
"""
)
RESET = (
    NOT_SENT
    + """
                HttpError {
                    kind: Interrupted,
                    source: reqwest::Error {
                        kind: Request,
                        source: hyper_util::client::legacy::Error(
                            SendRequest,
                            hyper::Error(
                                Io,
                                Os {
                                    code: 104,
                                    kind: ConnectionReset,
                                    message: "Connection reset by peer",
"""
)
SAID = {
    "a name that nobody knows": (DNS, ErrorKind.UNREACHABLE, "failed to lookup address information: Name or service"),
    "a connection that was reset": (RESET, ErrorKind.UNANSWERED, "Connection reset by peer"),
    "an answer in time": (
        NOT_SENT + "kind: Timeout,\n source: TimedOut,",
        ErrorKind.UNANSWERED,
        "HTTP error: error sending request",
    ),
    "an unknown authority": (
        NOT_SENT + "kind: Connect,\n kind: InvalidData,\n error: InvalidCertificate(\n UnknownIssuer,",
        ErrorKind.UNTRUSTED,
        "HTTP error",
    ),
    "a proxy that lets nobody through": (
        NOT_SENT + "kind: Connect,\n TunnelUnsuccessful,",
        ErrorKind.UNREACHABLE,
        "the proxy blocks the connection",
    ),
    "a body cut off in the middle": (
        "Generic S3 error: Requested 500..1001, got 500..1000\n\nDebug source:",
        ErrorKind.UNANSWERED,
        "Requested 500..1001",
    ),
    "a list cut off in the middle": (
        "Generic S3 error: Error getting list response body: HTTP error: request or response body error",
        ErrorKind.UNANSWERED,
        "list response body",
    ),
    "a redirect": (
        f"{ASKED} - Received redirect without LOCATION, this normally indicates an incorrectly configured region",
        ErrorKind.ELSEWHERE,
        "incorrectly configured region",
    ),
    "a refusal": (
        f"{REFUSED}<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
        ErrorKind.DENIED,
        "Access Denied (AccessDenied)",
    ),
    "a refusal of a proxy": (f"{REFUSED}<html>no</html>", ErrorKind.DENIED, "403 Forbidden"),
    "a session that ended at its source": (
        f"{SIGNED_OUT}RuntimeError: The SSO session has expired\n\nDebug source:",
        ErrorKind.UNKNOWN_CALLER,
        "The SSO session has expired",
    ),
    "a disk that is full": (
        "Generic LocalFileSystem error: Unable to copy data to file",
        ErrorKind.OTHER,
        "Unable to copy",
    ),
    "nothing": ("", ErrorKind.OTHER, ""),
}


@pytest.mark.parametrize(("said", "kind", "why"), SAID.values(), ids=SAID.keys())
def test_message_is_classified(said: str, kind: ErrorKind, why: str) -> None:
    assert classify_error(said) is kind
    assert why in extract_reason(said)


def test_retried_request_is_recognized() -> None:
    assert was_retried(NOT_SENT)
    assert not was_retried(ASKED)


def test_denied_action_is_read_from_aws_message() -> None:
    said = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: kms:GenerateDataKey on resource: k"
    assert extract_denied_action(said, "s3:PutObject") == "kms:GenerateDataKey"
    assert extract_denied_action("Access Denied", "s3:PutObject") == "s3:PutObject"


def test_region_is_read_from_s3_message() -> None:
    assert extract_region("the region 'us-east-1' is wrong; expecting 'eu-west-1'") == "eu-west-1"
    assert extract_region("<Region>eu-west-1</Region>") == "eu-west-1"
    assert extract_region("somewhere") == ""


@given(st.text(), st.sampled_from(ErrorKind), st.sampled_from(["opened", "read", "written", "listed"]))
def test_any_message_is_described_in_one_line(said: str, kind: ErrorKind, verb: str) -> None:
    classify_error(said)
    told = describe_failure(kind, said, url="s3://shop/envctl", verb=verb, region="eu-west-1")
    assert told.code.startswith("E4")
    assert told.hint
    assert f"can't be {verb}" in told.message


@given(st.text(), st.text())
def test_unreadable_time_does_not_break_skew_message(asked: str, server: str) -> None:
    assert "this machine's clock" in describe_clock_skew(
        f"<RequestTime>{asked}</RequestTime><ServerTime>{server}</ServerTime>"
    )
