"""A forged token of GitHub beside credentials of each source that boto3 knows: none of them makes it believed."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import botocore.credentials
import pytest
from botocore.session import get_session

from envctl.adapters.aws.credentials.identity import AwsIdentity
from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.adapters.aws.credentials.store_credentials import StoreCredentials
from envctl.adapters.aws.credentials.tokens import ISSUER
from envctl.adapters.store import connect
from envctl.domain.aws.access import AwsCredentialsSpec
from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.events import Actor
from tests.adapters.aws.sts_on_loopback import (
    ACCOUNT,
    ENDS,
    GITLAB,
    ROLE,
    SESSION,
    TOKEN_KEY,
    Sts,
    jwt,
    sts_on_loopback,
)

FORGED = jwt({"iss": ISSUER, "actor": "bob", "repository": "acme/shop", "environment": "prod"}, {"alg": "RS256"})
BOB = Actor("bob", via="github", run_url="https://github.com/acme/shop/actions/runs/1")
MALLORY = f"arn:aws:iam::{ACCOUNT}:user/mallory"
KEYS = {"aws_access_key_id": "AKIAMALLORY", "aws_secret_access_key": "x"}


@dataclass
class Machine:
    """A person's machine, and the credentials on it."""

    home: Path
    sts: Sts
    set: Callable[[str, str], None]
    sections: dict[str, dict[str, str]] = field(default_factory=dict)

    def profile(self, name: str = "default", **settings: str) -> None:
        self.sections[name if name == "default" else f"profile {name}"] = settings

    def write(self, file: str, text: str) -> str:
        (self.home / file).parent.mkdir(parents=True, exist_ok=True)
        (self.home / file).write_text(text)
        return os.fspath(self.home / file)

    def save(self) -> None:
        lines = [
            f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in each.items()) for name, each in self.sections.items()
        ]
        self.write("config", "\n".join(lines))


def ini(*sections: str) -> str:
    body = "".join(f"{name} = {value}\n" for name, value in KEYS.items())
    return "\n".join(f"[{name}]\n{body}" for name in sections)


def env(machine: Machine) -> None:
    machine.set("AWS_ACCESS_KEY_ID", "AKIAMALLORY")
    machine.set("AWS_SECRET_ACCESS_KEY", "x")


def assume_role(machine: Machine) -> None:
    machine.profile("keys", **KEYS)
    for name in ("default", "own"):
        machine.profile(
            name, role_arn=f"arn:aws:iam::{ACCOUNT}:role/dev", source_profile="keys", role_session_name="bob"
        )


def web_identity(machine: Machine) -> None:
    """A file of a profile, with a token that is forged as well."""
    for name in ("default", "own"):
        machine.profile(name, role_arn=ROLE, web_identity_token_file=machine.write("another", FORGED))


def sso(machine: Machine) -> None:
    start = "https://acme.awsapps.com/start"
    for name in ("default", "own"):
        machine.profile(
            name, sso_start_url=start, sso_region="eu-west-1", sso_account_id=ACCOUNT, sso_role_name="Developer"
        )
    machine.set("AWS_ENDPOINT_URL_SSO", machine.sts.url)
    cached = {"accessToken": "x", "expiresAt": ENDS, "startUrl": start, "region": "eu-west-1"}
    machine.write(f"sso/{hashlib.sha1(start.encode(), usedforsecurity=False).hexdigest()}.json", json.dumps(cached))


def shared_file(machine: Machine) -> None:
    machine.write("credentials", ini("default", "own"))


def login(machine: Machine) -> None:
    for name in ("default", "own"):
        machine.profile(name, login_session="mallory")
    machine.set("AWS_LOGIN_CACHE_DIRECTORY", os.fspath(machine.home / "login"))
    access = {"accessKeyId": "AKIAMALLORY", "secretAccessKey": "x", "sessionToken": "x", "accountId": ACCOUNT}
    cached = {"accessToken": {**access, "expiresAt": ENDS}, "clientId": "x", "dpopKey": "x", "refreshToken": "x"}
    machine.write(f"login/{hashlib.sha256(b'mallory').hexdigest()}.json", json.dumps({**cached, "idToken": "x"}))


def process(machine: Machine) -> None:
    said = {"Version": 1, "AccessKeyId": "AKIAMALLORY", "SecretAccessKey": "x"}
    for name in ("default", "own"):
        machine.profile(name, credential_process=f"cat {machine.write('said.json', json.dumps(said))}")


def config_file(machine: Machine) -> None:
    for name in ("default", "own"):
        machine.profile(name, **KEYS)


def ec2_file(machine: Machine) -> None:
    machine.set("AWS_CREDENTIAL_FILE", machine.write("ec2", "AWSAccessKeyId=AKIAMALLORY\nAWSSecretKey=x\n"))


def boto_config(machine: Machine) -> None:
    body = "".join(f"{name} = {value}\n" for name, value in KEYS.items())
    machine.set("BOTO_CONFIG", machine.write("boto", f"[Credentials]\n{body}"))


def container(machine: Machine) -> None:
    machine.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{machine.sts.url}/container")


def instance(machine: Machine) -> None:
    machine.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.sts.url)
    machine.set("AWS_EC2_METADATA_DISABLED", "false")


SOURCES: dict[str, Callable[[Machine], None]] = {
    "env": env,
    "assume-role": assume_role,
    "assume-role-with-web-identity": web_identity,
    "sso": sso,
    "shared-credentials-file": shared_file,
    "login": login,
    "custom-process": process,
    "config-file": config_file,
    "ec2-credentials-file": ec2_file,
    "boto-config": boto_config,
    "container-role": container,
    "iam-role": instance,
}
WITH_PROFILE = ("assume-role", "sso", "shared-credentials-file", "login", "custom-process", "config-file")
"""Those that a profile can have, but for one that has a token."""


def test_every_credential_source_of_boto3_is_covered() -> None:
    resolver = botocore.credentials.create_credential_resolver(get_session())
    assert [provider.METHOD for provider in resolver.providers] == list(SOURCES)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    with sts_on_loopback() as sts:
        found = Machine(tmp_path, sts, monkeypatch.setenv)
        for name in [each for each in os.environ if each.startswith(("AWS_", "BOTO"))]:
            monkeypatch.delenv(name)
        sts.arns = {"AKIAMALLORY": MALLORY, "ASIASSO": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_x/mallory"}
        sts.arns |= dict.fromkeys(("ASIACONTAINER", "ASIAMACHINE"), f"arn:aws:sts::{ACCOUNT}:assumed-role/m/i")
        for name, value in {
            "HOME": os.fspath(tmp_path),
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_STS": sts.url,
            "AWS_CONFIG_FILE": os.fspath(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": os.fspath(tmp_path / "credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ROLE_ARN": ROLE,
            "AWS_WEB_IDENTITY_TOKEN_FILE": found.write("token", FORGED),
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", os.fspath(tmp_path / "sso"))
        # Without the package for it botocore refuses before it looks for anything.
        monkeypatch.setattr(botocore.credentials, "EC", object())
        yield found


def actor(machine: Machine, profile: str = "") -> Actor:
    machine.save()
    sessions = Sessions(lambda: None, lambda _: AwsCredentialsSpec(profile=profile), store_url=lambda: machine.sts.url)
    identity = AwsIdentity(
        local=lambda: BOB, find_origin=sessions.find_origin, environment=lambda: dict(os.environ), gitlab=GITLAB
    )
    found = identity.identify_actor()
    assert bool(identity.explain_doubt()) is (found.via != "github")
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_forged_token_beside_credentials_is_ignored(machine: Machine, source: str) -> None:
    """STS refuses it, where boto3 shows it to STS at all."""
    SOURCES[source](machine)
    try:
        found = actor(machine)
    except EnvctlError as error:
        assert {problem.code for problem in error.problems} <= {"E415"}
        assert "AssumeRoleWithWebIdentity" in machine.sts.asked
    else:
        assert source in {"env", "assume-role"}
        assert found.via == "aws"
        assert found.arn == found.name


@pytest.mark.parametrize("source", WITH_PROFILE)
@pytest.mark.parametrize("takes_any", [False, True], ids=["strict", "any"])
def test_forged_token_beside_a_profile_is_ignored(machine: Machine, source: str, takes_any: bool) -> None:
    machine.sts.takes_any = takes_any
    SOURCES[source](machine)
    found = actor(machine, "own")
    assert (found.via, found.verified, found.teams, found.environment) == ("aws", True, (), "")
    assert found.name != SESSION


@pytest.mark.parametrize("source", WITH_PROFILE)
@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_forged_token_beside_a_named_profile_is_ignored(machine: Machine, source: str, variable: str) -> None:
    SOURCES[source](machine)
    machine.set(variable, "own")
    try:
        assert actor(machine).via == "aws"
    except EnvctlError:
        assert "AssumeRoleWithWebIdentity" in machine.sts.asked


def test_every_source_alone_leads_to_its_caller(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that none of those above is refused for want of credentials."""
    monkeypatch.delenv("AWS_WEB_IDENTITY_TOKEN_FILE")
    monkeypatch.delenv("AWS_ROLE_ARN")
    machine.sts.takes_any = True
    for name in WITH_PROFILE:
        machine.sections.clear()
        (machine.home / "credentials").unlink(missing_ok=True)
        SOURCES[name](machine)
        machine.save()
        core = get_session()
        core.set_config_variable("profile", "own")
        assert core.get_credentials().method == name


def test_role_assumed_from_token_session_is_the_actor(machine: Machine) -> None:
    """And not the actor of the token: another session acts than the one that AWS gave for it."""
    machine.sts.genuine.add(FORGED)
    machine.profile("token", role_arn=ROLE, web_identity_token_file=machine.write("another", FORGED))
    machine.profile(
        "own", role_arn=f"arn:aws:iam::{ACCOUNT}:role/dev", source_profile="token", role_session_name="step"
    )
    found = actor(machine, "own")
    assert (found.via, found.name) == ("aws", f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/step")
    assert found.also == ("bob", SESSION)


def test_token_of_a_profile_is_verified_by_aws(machine: Machine) -> None:
    machine.sts.genuine.add(FORGED)
    web_identity(machine)
    machine.set("AWS_WEB_IDENTITY_TOKEN_FILE", machine.write("token", "forged"))
    assert actor(machine, "own").via == "github"


def test_user_behind_an_assumed_role_is_known(machine: Machine) -> None:
    assume_role(machine)
    found = actor(machine, "own")
    assert found.name == f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/bob"
    assert found.also == ("bob", MALLORY)


def test_store_uses_the_credentials_of_the_actor(machine: Machine) -> None:
    """A token goes before a container where boto3 looks: obstore must not go to the container by itself."""
    container(machine)
    machine.set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/container")
    machine.sts.genuine.add(FORGED)
    sessions = Sessions(lambda: None, lambda _: AwsCredentialsSpec(), store_url=lambda: machine.sts.url)
    found = connect._choose_credentials("", sessions.load_store_credentials)
    assert isinstance(found, StoreCredentials)
    assert found()["access_key_id"] == TOKEN_KEY
    identity = AwsIdentity(
        local=lambda: BOB, find_origin=sessions.find_origin, environment=lambda: dict(os.environ), gitlab=GITLAB
    )
    assert identity.identify_actor().via == "github"
    # One session for both: the token is exchanged once.
    assert machine.sts.asked == ["AssumeRoleWithWebIdentity", "GetCallerIdentity"]
