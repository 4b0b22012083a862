"""What a user is told of a store in S3 that fails, and what is tried before that."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_api_emulator.exchange import Request

from envctl.adapters.aws.bucket_lookup import find_bucket_region
from envctl.adapters.store import connect
from envctl.adapters.store.object_store import ObstoreStore, StoreAddress
from envctl.domain.errors import ConfigurationError, OperationFailedError, Problem
from envctl.usecases.ports.core import AlreadyExistsError, LostResponseError
from tests.catching import catch
from tests.contract.stores import BUCKET, HURRIED, as_surroundings_say, somewhere
from tests.faults.faults import (
    CONFLICT,
    DENIED,
    ELSEWHERE,
    EXPIRED,
    FAILED,
    THROTTLED,
    UNKNOWN_KEY,
    WRONG_REGION,
    Dropped,
    ErrorResponse,
    Fault,
    Hung,
    LostResponse,
    TruncatedResponse,
    clock_skew_error,
    fail_always,
    fail_first,
    is_any,
    is_list,
    is_read,
    is_write,
    no_fault,
    refuse_other_owners,
)
from tests.faults.proxy import FaultyProxy

pytestmark = pytest.mark.sandbox

ACTS: dict[str, Callable[[ObstoreStore], object]] = {
    "written": lambda store: store.create("ledger/1.json", b"one"),
    "read": lambda store: store.read("ledger/1.json"),
    "listed": lambda store: store.list_keys("ledger/"),
}
NO_BUCKET = ErrorResponse(404, "NoSuchBucket", "The specified bucket does not exist")
KMS = ErrorResponse(
    403, "AccessDenied", "User: arn:aws:iam::1:user/ann is not authorized to perform: kms:Decrypt on it"
)
SAID: dict[str, tuple[Fault, str, str]] = {
    "a bucket that is not there": (NO_BUCKET, "E450", "envctl bootstrap"),
    "a bucket in another region": (WRONG_REGION, "E451", 'region = "eu-west-1"'),
    "a bucket in another region, which S3 tells in a header": (ELSEWHERE, "E451", "get-bucket-location"),
    "no permission": (DENIED, "E452", "s3:"),
    "no permission for a key": (KMS, "E452", "your credentials need kms:Decrypt"),
    "a session that has ended": (EXPIRED, "E453", "sign in again"),
    "a key that AWS does not know": (UNKNOWN_KEY, "E453", "sign in again"),
    "a clock that is wrong": (clock_skew_error("20260101T001000Z", "2026-01-01T00:30:00Z"), "E458", "NTP"),
    "throttling without an end": (THROTTLED, "E455", "try again in a minute"),
    "an error of S3's own": (FAILED, "E456", "try again"),
    "a connection that is dropped": (Dropped(), "E456", "try again"),
    "answers that get lost": (LostResponse(), "E456", "try again"),
    "something that nobody has heard of": (
        ErrorResponse(418, "Teapot", "I'm a teapot"),
        "E404",
        "run the command again",
    ),
}


def told(act: Callable[[], object]) -> Problem:
    (problem,) = catch(OperationFailedError, act).problems
    assert "\n" not in problem.message
    assert "Debug source" not in problem.message
    assert len(problem.message) < 300
    return problem


@pytest.mark.parametrize("verb", ACTS)
@pytest.mark.parametrize(("fault", "code", "hint"), SAID.values(), ids=SAID.keys())
def test_each_fault_is_distinguished(proxy: FaultyProxy, fault: Fault, code: str, hint: str, verb: str) -> None:
    store = as_surroundings_say(somewhere())
    store.create("ledger/1.json", b"there")
    concerns = {"written": is_write, "read": is_read, "listed": is_list}[verb]
    if verb != "written":
        store = as_surroundings_say(StoreAddress(store.url, BUCKET.region))
    elif fault == LostResponse():
        # What was written is there: nothing of that can be told.
        return
    proxy.plan = fail_always(fault, concerns)
    problem = told(lambda: ACTS[verb](store))
    assert problem.code == code
    assert hint in problem.hint
    assert f"can't be {verb}" in problem.message


NO_LOCKS: dict[str, Fault] = {
    "no permission to choose": DENIED,
    "a bucket without locks": ErrorResponse(400, "InvalidRequest", "Bucket is missing Object Lock Configuration"),
    "a server without locks": ErrorResponse(501, "NotImplemented", "A header you provided is not implemented."),
}


def has_own_lock(request: Request) -> bool:
    signed = {name.lower(): value for name, value in request.headers}["authorization"]
    return "x-amz-object-lock-mode;x-amz-object-lock-retain-until-date" in signed


@pytest.mark.parametrize("fault", NO_LOCKS.values(), ids=NO_LOCKS)
def test_object_is_written_where_no_lock_can_be_chosen(proxy: FaultyProxy, fault: Fault) -> None:
    store = as_surroundings_say(somewhere(owner=BUCKET.account_id))
    proxy.plan = fail_always(fault, has_own_lock)
    store.create_locked("readings/1.json", b"page", 400)
    # obstore repeats a request after any error of a server.
    assert {has_own_lock(request) for request, _ in proxy.asked[:-1]} == {True}
    assert not has_own_lock(proxy.asked[-1][0])
    with pytest.raises(AlreadyExistsError):
        store.create_locked("readings/1.json", b"other", 400)
    assert store.read("readings/1.json") == b"page"


def test_write_without_its_lock_follows_no_doubtful_one(proxy: FaultyProxy) -> None:
    """Where the server is down, the lock is not what it refuses."""
    proxy.plan = fail_always(FAILED, is_write)
    problem = told(lambda: as_surroundings_say(somewhere()).create_locked("readings/1.json", b"page", 400))
    assert problem.code == "E456"
    assert all(has_own_lock(request) for request, _ in proxy.asked)


def test_refused_write_with_its_lock_is_explained(proxy: FaultyProxy) -> None:
    proxy.plan = fail_always(DENIED, is_write)
    problem = told(lambda: as_surroundings_say(somewhere()).create_locked("readings/1.json", b"page", 400))
    assert (problem.code, "your credentials need s3:PutObject" in problem.hint) == ("E452", True)


def test_prefetch_failure_is_reported_when_it_matters(proxy: FaultyProxy) -> None:
    store = as_surroundings_say(somewhere())
    proxy.plan = fail_always(FAILED)
    with store.prefetch(["ledger/1.json"], [("ledger/", "")]):
        assert told(lambda: store.read("ledger/1.json")).code == "E456"
        assert told(lambda: store.list_keys("ledger/")).code == "E456"
    with store.prefetch(["ledger/1.json"], [("ledger/", "")]):
        proxy.plan = no_fault
    assert store.list_keys("ledger/") == []


def test_transient_fault_is_retried_silently(proxy: FaultyProxy) -> None:
    for fault in (FAILED, THROTTLED, Dropped(), TruncatedResponse()):
        for concerns in (is_read, is_list):
            store = as_surroundings_say(somewhere())
            store.create("ledger/1.json", b"one" * 100)
            proxy.plan = fail_first(fault, concerns)
            assert store.read("ledger/1.json") == b"one" * 100
            assert store.list_keys("ledger/") == ["ledger/1.json"]
    for fault in (FAILED, THROTTLED, Dropped(), CONFLICT, TruncatedResponse()):
        store = as_surroundings_say(somewhere())
        proxy.plan = fail_first(fault, is_write)
        store.create("ledger/1.json", b"one")
        assert store.read("ledger/1.json") == b"one"


@pytest.mark.parametrize("fault", [THROTTLED, FAILED, Dropped(), CONFLICT], ids=lambda fault: type(fault).__name__)
def test_number_of_attempts_is_bounded(proxy: FaultyProxy, fault: Fault) -> None:
    proxy.plan = fail_always(fault)
    for act in ACTS.values():
        proxy.asked.clear()
        with pytest.raises(OperationFailedError):
            act(as_surroundings_say(somewhere()))
        assert 1 < len(proxy.asked) <= (HURRIED.retries + 1) * HURRIED.tries


@pytest.mark.parametrize("verb", ACTS)
def test_hanging_network_is_given_up_in_time(proxy: FaultyProxy, verb: str) -> None:
    """It answers nothing for as long as the test lasts: that this ends at all is what is shown."""
    hasty = connect.RetryPolicy(request=0.3, overall=0.5, retries=2, tries=3, pause=0.01)
    proxy.plan = fail_always(Hung())
    problem = told(lambda: ACTS[verb](as_surroundings_say(somewhere(), hasty)))
    assert (problem.code, "no answer in time" in problem.message) == ("E456", True)
    assert len(proxy.asked) <= (hasty.retries + 1) * hasty.tries


@pytest.mark.parametrize("fault", [LostResponse(), ErrorResponse(500, "InternalError", "done all the same", done=True)])
def test_write_with_lost_response_exists_once(proxy: FaultyProxy, fault: Fault) -> None:
    store = as_surroundings_say(somewhere())
    proxy.plan = fail_first(fault, is_write)
    with pytest.raises(AlreadyExistsError):
        store.create("ledger/1.json", b"mine")
    assert store.read("ledger/1.json") == b"mine"


@pytest.mark.parametrize("fault", [FAILED, THROTTLED, Dropped(), CONFLICT, ErrorResponse(500, "Oops", done=True)])
def test_uncertain_write_is_not_reported_as_undone(proxy: FaultyProxy, fault: Fault) -> None:
    proxy.plan = fail_always(fault, is_write)
    raised = catch(LostResponseError, as_surroundings_say(somewhere()).create, "ledger/1.json", b"one")
    assert "nothing was recorded" not in raised.problems[0].hint


@pytest.mark.parametrize("fault", [DENIED, EXPIRED, NO_BUCKET, WRONG_REGION, clock_skew_error("x", "y")])
def test_refused_write_is_reported_as_undone(proxy: FaultyProxy, fault: Fault) -> None:
    proxy.plan = fail_always(fault, is_write)
    raised = catch(OperationFailedError, as_surroundings_say(somewhere()).create, "ledger/1.json", b"one")
    assert not isinstance(raised, LostResponseError)
    assert raised.problems[0].hint.startswith("nothing was recorded; ")


def test_refusal_after_uncertain_write_stays_uncertain(proxy: FaultyProxy) -> None:
    lost, ended = fail_first(ErrorResponse(500, "Oops", done=True), is_write), fail_always(EXPIRED, is_write)
    proxy.plan = lambda request: lost(request) or ended(request)
    store = as_surroundings_say(somewhere())
    with pytest.raises(LostResponseError, match="E453"):
        store.create("ledger/1.json", b"one")
    assert store.read("ledger/1.json") == b"one"


@pytest.mark.parametrize(
    ("asked", "server", "said"),
    [
        ("20260101T001000Z", "2026-01-01T00:30:00Z", "is 20 minutes behind"),
        ("20260101T020000Z", "2026-01-01T00:30:00Z", "is 90 minutes ahead"),
        ("20260101T020000Z", "some time", "clock is wrong"),
        ("", "", "clock is wrong"),
    ],
)
def test_clock_skew_is_reported_as_s3_says(proxy: FaultyProxy, asked: str, server: str, said: str) -> None:
    proxy.plan = fail_always(clock_skew_error(asked, server))
    assert said in told(lambda: as_surroundings_say(somewhere()).list_keys("ledger/")).message


def test_bucket_region_is_queried_when_obstore_omits_it(proxy: FaultyProxy) -> None:
    import boto3

    def client(service: str) -> object:
        return boto3.client(service, region_name=BUCKET.region)

    proxy.plan = fail_always(ELSEWHERE)
    address = somewhere()
    store = ObstoreStore(
        Path("/nowhere"),
        lambda: address,
        lambda: connect.read_client_options(os.environ),
        region_of=lambda bucket: find_bucket_region(client, bucket),
        patience=HURRIED,
    )
    problem = told(lambda: store.list_keys("ledger/"))
    assert (problem.code, problem.hint) == ("E451", 'write region = "eu-west-1" into [store]')


@pytest.mark.parametrize(
    ("verb", "action"),
    [
        ("written", "s3:PutObject on arn:aws:s3:::shop-envctl-store/*"),
        (
            "read",
            "s3:GetObject on arn:aws:s3:::shop-envctl-store/*, and s3:ListBucket on arn:aws:s3:::shop-envctl-store",
        ),
        ("listed", "s3:ListBucket on arn:aws:s3:::shop-envctl-store"),
    ],
)
def test_missing_permission_is_named(proxy: FaultyProxy, verb: str, action: str) -> None:
    proxy.plan = fail_always(DENIED)
    assert told(lambda: ACTS[verb](as_surroundings_say(somewhere()))).hint.endswith(f"your credentials need {action}")


@pytest.mark.parametrize("verb", ["written", "read"])
def test_bucket_of_another_owner_is_never_used(proxy: FaultyProxy, verb: str) -> None:
    proxy.plan = refuse_other_owners(BUCKET.account_id)
    theirs = somewhere(owner="999999999999")
    problem = told(lambda: ACTS[verb](as_surroundings_say(theirs)))
    assert (problem.code, "not to 999999999999" in problem.message) == ("E454", True)
    assert as_surroundings_say(StoreAddress(theirs.url, BUCKET.region)).list_keys("ledger/") == []
    own = as_surroundings_say(somewhere(owner=BUCKET.account_id))
    own.create("ledger/1.json", b"one")
    assert own.list_keys("ledger/") == ["ledger/1.json"]


def test_owner_header_is_signed_with_every_object_request(proxy: FaultyProxy) -> None:
    store = as_surroundings_say(somewhere(owner=BUCKET.account_id))
    store.create("ledger/1.json", b"one")
    store.read("ledger/1.json")
    store.list_keys("ledger/")
    assert len(proxy.asked) == 3
    for request, _ in proxy.asked:
        headers = {name.lower(): value for name, value in request.headers}
        # S3 refuses a header of its own that is not signed.
        signed = headers["authorization"].partition("SignedHeaders=")[2]
        assert (connect.OWNER_HEADER in headers) == (connect.OWNER_HEADER in signed) == (not is_list(request))


def test_general_denial_does_not_blame_bucket_owner(proxy: FaultyProxy) -> None:
    proxy.plan = fail_always(DENIED, is_any)
    assert told(lambda: as_surroundings_say(somewhere(owner="999999999999")).list_keys("ledger/")).code == "E452"


def test_missing_credentials_are_reported(proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    problem = told(lambda: as_surroundings_say(somewhere()).list_keys("ledger/"))
    assert (problem.code, "AWS credentials are missing" in problem.message) == ("E453", True)
    assert proxy.asked == []


def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.fspath(tmp_path / "config"))


def key_of(proxy: FaultyProxy) -> str:
    headers = {name.lower(): value for name, value in proxy.asked[-1][0].headers}
    return headers["authorization"].partition("Credential=")[2].partition("/")[0]


def test_profile_is_used_only_if_present(proxy: FaultyProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile(tmp_path, monkeypatch, "[profile shop]\naws_access_key_id = OFTHESHOP\naws_secret_access_key = x\n")
    as_surroundings_say(somewhere(profile="shop")).list_keys("ledger/")
    assert key_of(proxy) == "OFTHESHOP"
    as_surroundings_say(somewhere(profile="another")).list_keys("ledger/")
    assert key_of(proxy) == "sandbox"


def test_failed_credential_source_is_reported_without_secrets(
    proxy: FaultyProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile(tmp_path, monkeypatch, "[profile shop]\ncredential_process = false\n")
    problem = told(lambda: as_surroundings_say(somewhere(profile="shop")).list_keys("ledger/"))
    assert problem.code == "E494"
    assert "secret" not in problem.message


def test_unreachable_proxy_is_reported(proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    problem = told(lambda: as_surroundings_say(somewhere()).list_keys("ledger/"))
    assert problem.code == "E457"
    assert "Connection refused" in problem.message
    assert "HTTPS_PROXY" in problem.hint


def test_no_proxy_hosts_are_reached_directly(proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    there = somewhere(endpoint="https://127.0.0.1:1")
    problem = told(lambda: as_surroundings_say(there).list_keys("ledger/"))
    assert "the proxy blocks the connection" in problem.message
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    problem = told(lambda: as_surroundings_say(there).list_keys("ledger/"))
    assert (problem.code, proxy.asked) == ("E457", [])
    assert "Connection refused" in problem.message


def test_local_store_is_reached_without_the_proxy(proxy: FaultyProxy) -> None:
    problem = told(lambda: as_surroundings_say(somewhere(endpoint="http://127.0.0.1:1")).list_keys("ledger/"))
    assert (problem.code, proxy.asked) == ("E457", [])
    assert "Connection refused" in problem.message


def test_unknown_certificate_authority_is_reported(proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    problem = told(lambda: as_surroundings_say(somewhere()).list_keys("ledger/"))
    assert (problem.code, "AWS_CA_BUNDLE" in problem.hint) == ("E457", True)
    monkeypatch.setenv("SSL_CERT_FILE", os.fspath(proxy.ca_file))
    assert as_surroundings_say(somewhere()).list_keys("ledger/") == []


def test_missing_ca_bundle_is_reported(proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem")
    problem = told(lambda: as_surroundings_say(somewhere()).list_keys("ledger/"))
    assert (problem.code, "/nowhere/ca.pem" in problem.message) == ("E457", True)
    monkeypatch.setenv("AWS_CA_BUNDLE", __file__)
    assert told(lambda: as_surroundings_say(somewhere()).list_keys("ledger/")).code in {"E404", "E457"}


ENDPOINTS = {
    "no endpoint": ({}, ""),
    "one for S3": ({"AWS_ENDPOINT_URL_S3": "https://s3.example.com/"}, "https://s3.example.com"),
    "one for all": ({"AWS_ENDPOINT_URL": "https://all.example.com"}, "https://all.example.com"),
    "the one for S3 counts": (
        {"AWS_ENDPOINT_URL": "https://all.example.com", "AWS_ENDPOINT_URL_S3": "https://s3.example.com"},
        "https://s3.example.com",
    ),
    "http on this machine": ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"}, "http://127.0.0.1:9000"),
    "an endpoint that is to be ignored": (
        {"AWS_ENDPOINT_URL": "https://all.example.com", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        "",
    ),
}


@pytest.mark.parametrize(("environment", "url"), ENDPOINTS.values(), ids=ENDPOINTS.keys())
def test_endpoint_is_read_from_aws_variables(environment: dict[str, str], url: str) -> None:
    assert connect.find_endpoint(environment) == url


@pytest.mark.parametrize(
    "url", ["http://s3.example.com", "http://127.0.0.1.example.com", "s3.example.com", "ftp://x", "//["]
)
def test_unencrypted_endpoint_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="E405 AWS_ENDPOINT_URL names"):
        connect.find_endpoint({"AWS_ENDPOINT_URL": url})
