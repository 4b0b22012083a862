"""What can be wrong with the AWS configuration of a machine, and what is said of it. botocore runs as it is."""

import inspect
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import boto3.exceptions
import botocore.exceptions
import pytest
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as SESSION

from envctl.adapters.aws.credentials import bounded_session
from envctl.adapters.aws.credentials.error_causes import CAUSES, SETTINGS
from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.domain.aws.access import AwsCredentialsSpec
from envctl.domain.errors import EnvctlError, MisconfiguredMachineError, OperationFailedError
from envctl.domain.exit_codes import ExitCode
from tests.by_day import keep_by_day

ROLE = "arn:aws:iam::111111111111:role/job"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
SECURE = {**KEYS, "AWS_ENDPOINT_URL": "https://127.0.0.1:9"}
TOKEN = {"AWS_ROLE_ARN": ROLE, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}


@dataclass(frozen=True)
class Case:
    """`{here}` stands for the folder of the test. `names` has to stand in the message, `code` is what is said."""

    code: str
    names: str
    environment: Mapping[str, str] = field(default_factory=dict)
    config: str | bytes = ""
    credentials: str = ""


def profile(code: str, names: str, text: str, **others: str) -> Case:
    return Case(code, names, {"AWS_PROFILE": "a", **others}, f"[profile a]\n{text}\n")


def value(name: str, text: str, environment: Mapping[str, str] = KEYS) -> Case:
    return Case("E492", name, {**environment, name: text})


ANSWER = '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "B", "Expiration": "%s"}'
WITH_SOURCE = f"role_arn = {ROLE}\nsource_profile = "
CASES = {
    "a profile that there is not": Case("E490", "AWS_PROFILE", {"AWS_PROFILE": "nope"}),
    "a default profile that there is not": Case("E490", "AWS_DEFAULT_PROFILE", {"AWS_DEFAULT_PROFILE": "nope"}),
    "a configuration file that is not there": Case("E490", "/nope", {"AWS_PROFILE": "a", "AWS_CONFIG_FILE": "/nope"}),
    "a configuration that is no INI": Case("E491", "config:1", config="[default\nregion = x"),
    "a configuration that is no text": Case("E491", "config", config=b"\xff\xfe\x00["),
    "a configuration that says one thing twice": Case("E491", "config:3", config="[default]\nregion=x\nregion=y"),
    "a credentials file that is no INI": Case("E491", "credentials:1", credentials="[default\nx"),
    "a key without a profile": Case("E491", "credentials:1", credentials="aws_access_key_id = A"),
    "a nested setting that is no pair": Case("E491", "config", config="[default]\ns3 =\n  x\n"),
    "profiles that lead to each other": Case(
        "E493",
        "loop",
        {"AWS_PROFILE": "a"},
        f"[profile a]\n{WITH_SOURCE}b\n[profile b]\n{WITH_SOURCE}a\n",
    ),
    "a source profile that there is not": profile("E493", '"b"', f"{WITH_SOURCE}b"),
    "a role without a source": profile("E493", "source_profile", f"role_arn = {ROLE}"),
    "a source profile without keys": profile("E493", '"b"', f"{WITH_SOURCE}b\n[profile b]\nregion = x"),
    "two sources": profile("E493", "credential_source", f"{WITH_SOURCE}a\ncredential_source = Environment"),
    "a source of no such name": profile("E493", '"Foo"', f"role_arn = {ROLE}\ncredential_source = Foo"),
    "a code, and no terminal": profile(
        "E494", "mfa_serial", f"{WITH_SOURCE}a\nmfa_serial = x\naws_access_key_id = A\naws_secret_access_key = B"
    ),
    "a program that there is not": profile("E494", "/nope/x", "credential_process = /nope/x"),
    "a program that fails": profile("E494", "sign in", "credential_process = sh -c 'echo sign in >&2; exit 3'"),
    "a program that prints words": profile(
        "E494", "not valid for a credential process", "credential_process = echo hello"
    ),
    "a program that prints a list": profile(
        "E494", "not valid for a credential process", "credential_process = echo []"
    ),
    "a program that prints no text": profile(
        "E494", "not valid for a credential process", r"credential_process = printf '\377'"
    ),
    "a program of another version": profile("E494", "version", """credential_process = echo '{"Version": 9}'"""),
    "a program that leaves the key out": profile(
        "E494", "AccessKeyId", """credential_process = echo '{"Version": 1}'"""
    ),
    "a program whose keys end at no time": profile(
        "E494", "not valid for a credential process", f"credential_process = echo '{ANSWER % 'soon'}'"
    ),
    "a program that never ends": profile("E494", "no answer in 0.5 s", "credential_process = sleep 30"),
    "a program of a source that never ends": profile(
        "E494", "no answer in 0.5 s", f"{WITH_SOURCE}b\n[profile b]\ncredential_process = sleep 30"
    ),
    "a program in open quotes": profile("E494", "quot", "credential_process = sh -c 'x"),
    "no program": profile("E494", "names no program", "credential_process = "),
    "keys of a program that are over": profile(
        "E415", "expired", f"credential_process = echo '{ANSWER % '2020-01-01T00:00:00Z'}'"
    ),
    "single sign-on without a token": profile(
        "E415",
        "SSO Token",
        "sso_session = s\nsso_account_id = 1\nsso_role_name = x\n[sso-session s]\n"
        "sso_region = us-east-1\nsso_start_url = https://x",
    ),
    "a single sign-on that there is not": profile(
        "E493", '"s"', "sso_session = s\nsso_account_id = 111111111111\nsso_role_name = x"
    ),
    "a single sign-on in part": profile(
        "E493", "sso_region", "sso_start_url = https://x\nsso_account_id = 111111111111"
    ),
    "a login that needs another library": profile("E493", "Dependency", f"login_session = {ROLE}\nregion = us-east-1"),
    "a token file that there is not": Case("E495", "/nope", {**TOKEN, "AWS_WEB_IDENTITY_TOKEN_FILE": "/nope"}),
    "a token file that is a folder": Case("E495", "{here}", {**TOKEN, "AWS_WEB_IDENTITY_TOKEN_FILE": "{here}"}),
    "a token file without a token": Case("E495", "/dev/null", {**TOKEN, "AWS_WEB_IDENTITY_TOKEN_FILE": "/dev/null"}),
    "a token file that is no text": Case(
        "E495", sys.executable, {**TOKEN, "AWS_WEB_IDENTITY_TOKEN_FILE": sys.executable}
    ),
    "a token without a role": Case("E493", "AWS_ROLE_ARN", {"AWS_WEB_IDENTITY_TOKEN_FILE": __file__}),
    "a token and an empty role": Case(
        "E493", "AWS_ROLE_ARN", {"AWS_ROLE_ARN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": __file__}
    ),
    "a token and a role that is none": Case(
        "E493", "AWS_ROLE_ARN", {"AWS_ROLE_ARN": "x", "AWS_WEB_IDENTITY_TOKEN_FILE": __file__}
    ),
    "an empty role alone": Case("E415", "credentials", {"AWS_ROLE_ARN": ""}),
    "a key without its secret": Case("E493", "AWS_SECRET_ACCESS_KEY", {"AWS_ACCESS_KEY_ID": "A"}),
    "a secret without its key": Case("E415", "credentials", {"AWS_SECRET_ACCESS_KEY": "A"}),
    "empty keys": Case("E415", "credentials", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}),
    "half a key in a file": Case("E493", "aws_secret_access_key", credentials="[default]\naws_access_key_id = A\n"),
    "keys that end at no time": value("AWS_CREDENTIAL_EXPIRATION", "soon", {**KEYS, "AWS_SESSION_TOKEN": "t"}),
    "a container at no place": value("AWS_CONTAINER_CREDENTIALS_FULL_URI", "nonsense", {}),
    "a container of another host": value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "x y", {}),
    "a token of a container that can't be read": Case(
        "E492",
        "AWS_CONTAINER",
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/x",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nope",
        },
    ),
    "a time-out that is no number": value("AWS_METADATA_SERVICE_TIMEOUT", "x"),
    "a number of tries that is none": value("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "x"),
    "metadata at no place": value("AWS_EC2_METADATA_SERVICE_ENDPOINT", "nonsense", {"AWS_EC2_METADATA_DISABLED": ""}),
    "metadata of no such mode": value("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipv9"),
    "attempts that are no number": Case("E415", "connect", {**KEYS, "AWS_MAX_ATTEMPTS": "abc"}),
    "no attempts": Case("E415", "connect", {**KEYS, "AWS_MAX_ATTEMPTS": "0"}),
    "a way to try again that there is not": Case("E415", "connect", {**KEYS, "AWS_RETRY_MODE": "x"}),
    "defaults that there are not": value("AWS_DEFAULTS_MODE", "x"),
    "endpoints of STS that there are not": value("AWS_STS_REGIONAL_ENDPOINTS", "x"),
    "endpoints of accounts that there are not": value("AWS_ACCOUNT_ID_ENDPOINT_MODE", "x"),
    "a size that is none": value("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "x"),
    "checksums that there are not": value("AWS_REQUEST_CHECKSUM_CALCULATION", "x"),
    "checks that there are not": value("AWS_RESPONSE_CHECKSUM_VALIDATION", "x"),
    "an endpoint that is no URL": value("AWS_ENDPOINT_URL", "nonsense"),
    "an endpoint of half an address": value("AWS_ENDPOINT_URL_STS", "http://[::1"),
    "an endpoint whose port is none": value("AWS_ENDPOINT_URL_STS", "http://x:port"),
    "authorities that are not there": value("AWS_CA_BUNDLE", "/nope", SECURE),
    "authorities that are none": value("AWS_CA_BUNDLE", __file__, SECURE),
    "a proxy of half an address": value("HTTPS_PROXY", "http://[::1", SECURE),
    "a proxy whose port is none": value("HTTPS_PROXY", "http://x:y", {**KEYS, "AWS_ENDPOINT_URL": "https://10.0.0.1"}),
    "a way to try again in the file": Case("E415", "connect", KEYS, "[default]\nretry_mode = x\n"),
    "attempts in the file": Case("E415", "connect", KEYS, "[default]\nmax_attempts = x\n"),
    "addresses of S3 in the file": Case("E415", "connect", KEYS, "[default]\ns3 = x\n"),
    "versions in the file": Case("E492", "config", KEYS, "[default]\napi_versions = x\n"),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("AWS_") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    # To try again takes seconds, and none of these gets better.
    monkeypatch.setattr(bounded_session, "ATTEMPTS", 1)
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", os.fspath(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.fspath(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def lay_out(case: Case, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "config").write_bytes(case.config if isinstance(case.config, bytes) else case.config.encode())
    (here / "credentials").write_text(case.credentials)
    for name, text in case.environment.items():
        monkeypatch.setenv(name, text.replace("{here}", os.fspath(here)))


def sessions() -> Sessions:
    return Sessions(lambda: None, lambda _: AwsCredentialsSpec(region="us-east-1"), patience=0.5, program_seconds=0.5)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_misconfiguration_is_reported_by_name(case: Case, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(case, here, monkeypatch)
    began = time.monotonic()
    with pytest.raises(OperationFailedError) as raised:
        sessions().fetch_caller()
    assert time.monotonic() - began < 10
    (problem,) = raised.value.problems
    assert problem.code == case.code, problem
    assert case.names.replace("{here}", os.fspath(here)) in problem.message
    assert problem.hint
    wanted = ExitCode.FAILED if case.code in {"E413", "E415"} else ExitCode.CONFIGURATION
    assert raised.value.exit_code == wanted
    assert isinstance(raised.value, MisconfiguredMachineError) == (wanted == ExitCode.CONFIGURATION)


# One or two for each code, and what only a client of S3 reads: above, all are met at the first use.
IN_EVERY_USE = (
    "a profile that there is not",
    "a configuration that is no INI",
    "a credentials file that is no INI",
    "a role without a source",
    "a program that never ends",
    "keys of a program that are over",
    "a token file that there is not",
    "a key without its secret",
    "empty keys",
    "keys that end at no time",
    "attempts that are no number",
    "an endpoint that is no URL",
    "an endpoint of half an address",
    "authorities that are none",
    "a proxy of half an address",
    "addresses of S3 in the file",
    "versions in the file",
)


@pytest.mark.parametrize("case", keep_by_day(CASES, *IN_EVERY_USE))
def test_aws_misconfiguration_is_never_an_internal_error(
    case: Case, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(case, here, monkeypatch)
    asked = sessions()
    for use in (
        asked.find_origin,
        asked.load_store_credentials,
        lambda: asked.export_credentials("dev"),
        lambda: asked.open_client("s3").list_buckets(),
        lambda: asked.open_client("secretsmanager", "dev", region="eu-west-1").list_secrets(),
    ):
        try:
            use()
        except EnvctlError as error:
            assert all(problem.hint for problem in error.problems)


LIBRARY = {
    name
    for module in (botocore.exceptions, boto3.exceptions)
    for name, each in vars(module).items()
    if inspect.isclass(each)
    and issubclass(each, Exception)
    and not issubclass(each, Warning)
    and each.__module__ == module.__name__
}


def test_each_exception_of_boto_has_a_verdict() -> None:
    assert LIBRARY - set(CAUSES) == set()


def test_each_setting_of_a_verdict_exists_in_botocore() -> None:
    nested = {"addressing_style", "us_east_1_regional_endpoint"}
    assert {name for names in SETTINGS.values() for name in names} - set(SESSION) - nested == set()
    assert set(SETTINGS) <= LIBRARY


VARIABLES = sorted(
    {name for _, names, *_ in SESSION.values() for name in ((names,) if isinstance(names, str) else names or ())}
)
NONSENSE = ("", "x", "-1", "http://", "\N{SNOWMAN}")


# By day the cases above show what is wrong where no keys are set.
@pytest.mark.slow
@pytest.mark.parametrize("keys", [KEYS, pytest.param({}, marks=pytest.mark.night)], ids=["keys", "no keys"])
@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("text", keep_by_day(NONSENSE, "x", "-1"))
def test_no_value_of_boto_variables_causes_internal_error(
    text: str, name: str, keys: dict[str, str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other, usual in {**keys, name: text}.items():
        monkeypatch.setenv(other, usual)
    with pytest.raises(OperationFailedError) as raised:
        sessions().fetch_caller()
    assert raised.value.problems[0].hint
