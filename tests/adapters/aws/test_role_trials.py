"""What the answers of AWS to harmless requests mean, and what is asked for."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from envctl.adapters.aws import role_trials
from envctl.adapters.aws.role_trials import AwsRoleTrials
from envctl.domain.aws.access import AwsCredentialsSpec
from envctl.domain.ci.inspection.roles import Attempt, RoleTarget
from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem
from envctl.usecases.ports.ci import RoleRequest
from tests.adapters.aws.sts_on_loopback import jwt

ROLE = "arn:aws:iam::333333333333:role/envctl-deployer"
DEPLOYER, LOOKER = RoleTarget(ROLE, "prod", "deploy"), RoleTarget(f"{ROLE}-look", "prod", "look")
KEYS = {"AccessKeyId": "ASIA", "SecretAccessKey": "key", "SessionToken": "token"}
SPEC = AwsCredentialsSpec(environment="prod", region="ap-northeast-1", external_id="shop-42", tags={"team": "web"})


def refuse(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Any")


class Client:
    """A client of any service: each call answers with `error`, or succeeds."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**named: Any) -> Any:
            self.asked.append((name, named))
            if self.error is not None:
                raise self.error
            return {"Credentials": KEYS}

        return call


def build(sts: Client, environ: dict[str, str] | None = None) -> AwsRoleTrials:
    return AwsRoleTrials(lambda _: sts, lambda _: SPEC, lambda: environ or {})


@pytest.mark.parametrize(
    ("error", "answer", "reason"),
    [
        (refuse("AccessDenied", "User is not authorized\nmore"), "no", "User is not authorized (AccessDenied)"),
        (refuse("ThrottlingException"), "unknown", "no (ThrottlingException)"),
        (refuse("ValidationError", ""), "unknown", "refused (ValidationError)"),
        (refuse("ExpiredTokenException"), "unknown", "no (ExpiredTokenException)"),
        (refuse("RegionDisabledException"), "unknown", "no (RegionDisabledException)"),
        (EndpointConnectionError(endpoint_url="x"), "unknown", "AWS could not be reached (EndpointConnectionError)"),
        (OperationFailedError(Problem("E070", "a fault")), "unknown", "a fault"),
    ],
)
def test_refusal_is_no_and_a_fault_is_unknown(error: Exception, answer: str, reason: str) -> None:
    trial = build(Client(error)).try_role(RoleRequest(DEPLOYER))
    assert trial.taken == Attempt(answer, reason)  # type: ignore[arg-type]
    assert (trial.itself, trial.writes) == (None, {})


def test_role_is_taken_without_any_permission() -> None:
    sts = Client()
    assert build(sts).try_role(RoleRequest(DEPLOYER)).taken == Attempt("yes")
    ((name, asked),) = sts.asked
    assert (name, asked["RoleArn"], asked["ExternalId"]) == ("assume_role", ROLE, "shop-42")
    assert asked["Tags"] == [{"Key": "team", "Value": "web"}]
    (statement,) = json.loads(asked["Policy"])["Statement"]
    assert statement == {"Effect": "Deny", "Action": "*", "Resource": "*"}


def test_deployer_may_take_itself_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    sts, own = Client(), Client(refuse("AccessDenied"))
    monkeypatch.setattr(role_trials, "_open_client", lambda *_: own)
    trial = build(sts).try_role(RoleRequest(DEPLOYER, tries_itself=True))
    assert trial.itself == Attempt("no", "no (AccessDenied)")
    (statement,) = json.loads(sts.asked[0][1]["Policy"])["Statement"]
    assert statement == {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE}


@pytest.mark.parametrize(
    ("code", "answers"),
    [
        ("AccessDenied", ("no", "no", "no")),
        ("UnauthorizedOperation", ("no", "no", "no")),
        ("PreconditionFailed", ("yes", "unknown", "unknown")),
        ("NoSuchKey", ("yes", "unknown", "unknown")),
        ("BadDigest", ("yes", "unknown", "unknown")),
        ("DryRunOperation", ("unknown", "yes", "unknown")),
        ("NoSuchBucket", ("unknown", "unknown", "unknown")),
        ("SlowDown", ("unknown", "unknown", "unknown")),
        ("RequestLimitExceeded", ("unknown", "unknown", "unknown")),
    ],
)
def test_write_of_a_look_role_is_tried(monkeypatch: pytest.MonkeyPatch, code: str, answers: tuple[str, ...]) -> None:
    own = Client(refuse(code))
    monkeypatch.setattr(role_trials, "_open_client", lambda *_: own)
    request = RoleRequest(LOOKER, bucket="states", key="prod/envctl-doctor.tfstate", deployer=ROLE)
    trial = build(Client()).try_role(request)
    assert tuple(each.answer for each in trial.writes.values()) == answers
    asked = dict(own.asked)
    assert asked["put_object"]["IfMatch"] == role_trials.IMPOSSIBLE_ETAG
    assert asked["put_object"]["ContentMD5"] == role_trials.WRONG_DIGEST
    assert asked["delete_key_pair"] == {"KeyName": role_trials.MISSING_KEY_PAIR, "DryRun": True}


def test_local_states_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role_trials, "_open_client", lambda *_: Client(refuse("AccessDenied")))
    trial = build(Client()).try_role(RoleRequest(LOOKER))
    assert list(trial.writes) == [role_trials.CHANGE_EC2]


def test_interrupt_ends_the_command() -> None:
    def stop(_: str) -> Any:
        raise InterruptedByUserError(Problem("E019", "stopped"))

    trials = AwsRoleTrials(stop, lambda _: SPEC, dict)
    with pytest.raises(InterruptedByUserError):
        trials.try_role(RoleRequest(DEPLOYER))


def test_job_without_credentials_tries_nothing() -> None:
    def refuse_client(_: str) -> Any:
        raise OperationFailedError(Problem("E415", "no credentials"))

    trials = AwsRoleTrials(refuse_client, lambda _: SPEC, dict)
    assert trials.try_role(RoleRequest(DEPLOYER)).taken == Attempt("unknown", "no credentials")


def test_token_of_the_job_is_read_and_tried(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{jwt({'sub': 'repo:acme/shop:pull_request'})}\n")
    sts = Client()
    trials = build(sts, {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file)})
    assert trials.read_token().claims == {"sub": "repo:acme/shop:pull_request"}
    assert trials.try_token(ROLE) == Attempt("yes")
    ((name, asked),) = sts.asked
    assert (name, asked["WebIdentityToken"]) == ("assume_role_with_web_identity", file.read_text().strip())
    assert json.loads(asked["Policy"])["Statement"][0]["Effect"] == "Deny"


@pytest.mark.parametrize("text", ["", "no token", "e30.e30", "x" * 40_000, "\x00"])
def test_malformed_token_is_a_reason(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    found = build(Client(), {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file)}).read_token()
    assert found.claims == {}
    assert found.problem.startswith("the token of the job is" if text else "the job has no token")
    assert not text or text not in found.problem


def test_missing_token_is_a_reason(tmp_path: Path) -> None:
    assert "is not set" in build(Client()).read_token().problem
    missing = build(Client(), {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "none")})
    assert missing.read_token().problem == "the file in AWS_WEB_IDENTITY_TOKEN_FILE can't be read"
    assert missing.try_token(ROLE).answer == "unknown"


def test_token_is_requested_where_no_file_has_it() -> None:
    sts, token = Client(), jwt({"sub": "x"})
    trials = AwsRoleTrials(lambda _: sts, lambda _: SPEC, dict, lambda: token)
    assert trials.read_token().claims == {"sub": "x"}
    assert trials.try_token(ROLE) == Attempt("yes")
    assert sts.asked[0][1]["WebIdentityToken"] == token


def test_forge_that_refuses_a_token_is_a_reason() -> None:
    def refuse_token() -> str:
        raise OperationFailedError(Problem("E496", "GitHub answers 403"))

    trials = AwsRoleTrials(lambda _: Client(), lambda _: SPEC, dict, refuse_token)
    assert trials.read_token().problem == "GitHub answers 403"
    assert trials.try_token(ROLE) == Attempt("unknown", "GitHub answers 403")
