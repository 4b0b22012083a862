"""Who is at work: what the machine says, what AWS says, and what GitHub's token says that the credentials came of."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from botocore.session import get_session

from envctl.adapters.aws.credentials.exchange_listener import TokenExchange, is_aws_url
from envctl.adapters.aws.credentials.identity import AwsIdentity, CredentialOrigin
from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.adapters.aws.credentials.tokens import ISSUER
from envctl.domain.aws.access import AwsCredentialsSpec, CallerIdentity
from envctl.domain.ci.id_token import MAX_TOKEN_BYTES
from envctl.domain.config.ci.github import GithubCi
from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.events import Actor
from tests.adapters.aws.sts_on_loopback import GITLAB, ROLE, SESSION, Sts, jwt, sts_on_loopback

ANN = Actor("ann@example.com")
URL = "https://github.com/acme/shop/actions/runs/1"
RUN = Actor("octocat", via="github", run_url=URL)
CLAIMS = {
    "iss": ISSUER,
    "sub": "repo:acme/shop:environment:prod",
    "aud": "sts.amazonaws.com",
    "actor": "octocat",
    "repository": "acme/shop",
    "run_id": "1",
}
OF_RUN = {"GITHUB_ACTOR": "octocat", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "1"}
CALLER = CallerIdentity("111111111111", SESSION)


def exchange(claims: object = CLAIMS, **more: str) -> TokenExchange:
    return replace(TokenExchange(token=jwt(claims), key="ASIA", arn=SESSION), **more)


def known(exchanged: TokenExchange | None, local: Actor = RUN, **more: str) -> AwsIdentity:
    standing = CredentialOrigin(CALLER, "assume-role-with-web-identity", exchanged)
    return AwsIdentity(
        local=lambda: local, find_origin=lambda: standing, environment=lambda: {**OF_RUN, **more}, gitlab=GITLAB
    )


def test_actor_without_credentials_is_the_local_user() -> None:
    assert (
        AwsIdentity(local=lambda: ANN, find_origin=lambda: None, environment=dict, gitlab=GITLAB).identify_actor()
        == ANN
    )


def test_actor_with_credentials_is_the_aws_caller() -> None:
    found = known(None, ANN)
    assert (found.identify_actor(), found.explain_doubt()) == (
        Actor(SESSION, via="aws", verified=True, arn=SESSION),
        "",
    )


def test_run_with_exchanged_token_is_verified() -> None:
    found = known(exchange())
    assert (found.identify_actor(), found.explain_doubt()) == (replace(RUN, verified=True, arn=SESSION), "")


def test_token_matches_its_sts_response() -> None:
    provider = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
    for named in (provider, ISSUER, ISSUER.removeprefix("https://")):
        fitting = exchange(subject=CLAIMS["sub"], audience=CLAIMS["aud"], provider=named)
        assert known(fitting).identify_actor().verified, named


def test_issuer_of_an_enterprise_is_accepted() -> None:
    assert known(exchange({**CLAIMS, "iss": f"{ISSUER}/acme-inc"})).identify_actor().verified


def test_token_may_name_the_teams_of_the_actor() -> None:
    listed = exchange({**CLAIMS, "teams": ["acme/web", "acme/operators"]})
    assert known(listed).identify_actor().teams == ("acme/operators", "acme/web")
    as_text = exchange({**CLAIMS, "team": "acme/web, acme/operators"})
    assert known(as_text).identify_actor().teams == ("acme/operators", "acme/web")


def test_environment_of_the_job_has_its_name_in_the_project() -> None:
    table = GithubCi.model_validate({"environments": {"prod": "production"}})

    def find(named: str) -> str:
        token = exchange({**CLAIMS, "environment": named})
        standing = CredentialOrigin(CALLER, "assume-role-with-web-identity", token)
        found = AwsIdentity(
            local=lambda: RUN,
            find_origin=lambda: standing,
            environment=lambda: OF_RUN,
            gitlab=GITLAB,
            name_environment=table.find_environment,
        )
        return found.identify_actor().environment

    found = {named: find(named) for named in ("production", "Production", "prod", "staging")}
    assert found == {"production": "prod", "Production": "prod", "prod": "", "staging": "staging"}


def test_token_may_name_the_environment_of_the_job() -> None:
    assert known(exchange({**CLAIMS, "environment": "prod"})).identify_actor().environment == "prod"


def test_run_url_is_read_from_the_token() -> None:
    forged = replace(RUN, run_url="https://github.com/acme/shop/actions/runs/999")
    assert known(exchange(), forged, GITHUB_RUN_ID="").identify_actor().run_url == URL


UNPROVEN: dict[str, tuple[TokenExchange | None, dict[str, str], str]] = {
    "there was no exchange": (None, {}, "not set"),
    "other credentials act": (None, {"AWS_WEB_IDENTITY_TOKEN_FILE": "t"}, "not from AWS_WEB_IDENTITY_TOKEN_FILE"),
    "another session acts": (exchange(arn=f"{SESSION}2"), {}, f"the token gives {SESSION}2"),
    "it is of another issuer": (exchange({**CLAIMS, "iss": "https://example.com"}), {}, "is not from GitHub"),
    "its issuer begins like GitHub's": (exchange({**CLAIMS, "iss": f"{ISSUER}.example.com"}), {}, "is not from GitHub"),
    "its issuer is a path below": (exchange({**CLAIMS, "iss": f"{ISSUER}/a/b"}), {}, "is not from GitHub"),
    "its issuer is no text": (exchange({**CLAIMS, "iss": [ISSUER]}), {}, "is not from GitHub"),
    "AWS names another provider": (exchange(provider="https://example.com"), {}, "https://example.com"),
    "AWS names a provider that ends alike": (exchange(provider=f"xtoken.{ISSUER[8:]}"), {}, "named by AWS"),
    "AWS names another subject": (exchange(subject="repo:mallory/x:ref:refs/heads/main"), {}, "another subject"),
    "AWS names another audience": (exchange(audience="x"), {}, "another audience"),
    "it is of another actor": (exchange({**CLAIMS, "actor": "mallory"}), {}, "is of mallory, but GITHUB_ACTOR is"),
    "it is of another run": (exchange(), {"GITHUB_RUN_ID": "2"}, "the token is of 1, but GITHUB_RUN_ID is 2"),
    "it is of another repository": (exchange(), {"GITHUB_REPOSITORY": "acme/x"}, "GITHUB_REPOSITORY is acme/x"),
    "it names no actor": (exchange({**CLAIMS, "actor": ""}), {}, "names no actor"),
    "its actor is no text": (exchange({**CLAIMS, "actor": 1}), {}, "names no actor"),
    "it says nothing": (exchange({}), {}, "is not from GitHub"),
    "it is no table": (exchange(["actor"]), {}, "can't be read"),
    "it is not signed": (exchange(token=jwt(CLAIMS, {"alg": "None"})), {}, "is not signed"),
    "it has no signature": (exchange(token=jwt(CLAIMS).rpartition(".")[0] + "."), {}, "not a signed JSON Web Token"),
    "it had expired": (exchange({**CLAIMS, "exp": 1}), {}, "had expired"),
    "its end is no time": (exchange({**CLAIMS, "exp": "soon"}), {}, "has no expiry time"),
    "its end is beyond all times": (exchange({**CLAIMS, "exp": 1e300}), {}, "has no expiry time"),
    "it is two tokens": (exchange(token=f"{jwt(CLAIMS)}\n{jwt(CLAIMS)}"), {}, "not a signed JSON Web Token"),
    "it is huge": (exchange(token="a" * MAX_TOKEN_BYTES + ".b.c"), {}, "is too long"),
    "it is empty": (exchange(token=""), {}, "not a signed JSON Web Token"),
    "it is no base64": (exchange(token="a.b.c"), {}, "can't be read"),
    "it is brackets alone": (exchange(token="e30." + "W1tb" * 5000 + ".c"), {}, "can't be read"),
}


@pytest.mark.parametrize(("exchanged", "more", "why"), UNPROVEN.values(), ids=UNPROVEN)
def test_actor_is_the_caller_where(exchanged: TokenExchange | None, more: dict[str, str], why: str) -> None:
    found = known(exchanged, RUN, **more)
    assert found.identify_actor() == Actor(
        SESSION, via="aws", verified=True, run_url=URL, arn=SESSION, also=("octocat",)
    )
    assert why in found.explain_doubt()


def test_token_expiry_is_checked_by_the_aws_clock() -> None:
    old = exchange({**CLAIMS, "exp": 1_000_000_000}, date="Sun, 09 Sep 2001 01:46:00 GMT")
    assert known(old).identify_actor().verified


def test_actor_behind_an_assumed_role_is_known() -> None:
    user = "arn:aws:iam::111111111111:user/ann"
    standing = CredentialOrigin(CALLER, "assume-role", source_arn=user)
    found = AwsIdentity(
        local=lambda: ANN, find_origin=lambda: standing, environment=dict, gitlab=GITLAB
    ).identify_actor()
    assert found.also == (user,)


def test_gitlab_user_of_the_token_is_known() -> None:
    """The job chooses the name of its session, and GitLab that of its user."""
    token = {"iss": "https://gitlab.com", "user_login": "octocat", "user_email": "ann@example.com", "actor": "bob"}
    found = known(exchange(token), ANN)
    assert found.identify_actor() == Actor(
        SESSION, via="aws", verified=True, arn=SESSION, also=("octocat", "ann@example.com")
    )
    assert known(exchange(token="x"), ANN).identify_actor().also == ()


def test_response_of_foreign_server_is_not_trusted() -> None:
    standing = CredentialOrigin(CALLER, "env", doubt="http://127.0.0.1:9 answered")
    for local in (ANN, RUN):
        found = AwsIdentity(
            local=partial(replace, local), find_origin=lambda: standing, environment=dict, gitlab=GITLAB
        )
        assert (found.identify_actor().verified, found.identify_actor().arn, found.explain_doubt()) == (
            False,
            "",
            standing.doubt,
        )


def test_every_partition_has_addresses_of_aws() -> None:
    partitions = get_session().get_component("data_loader").load_data("partitions")["partitions"]
    suffixes = {outputs[name] for each in partitions for outputs in [each["outputs"]] for name in _SUFFIXES}
    assert suffixes
    assert [each for each in suffixes if not is_aws_url(f"https://sts.somewhere.{each}/")] == []


_SUFFIXES = ("dnsSuffix", "dualStackDnsSuffix")
NOT_OF_AWS = (
    "http://sts.amazonaws.com",
    "https://amazonaws.com.evil.example",
    "https://evilamazonaws.com",
    "https://127.0.0.1:4566/",
    "",
)


@pytest.mark.parametrize("url", NOT_OF_AWS)
def test_foreign_url_is_not_of_aws(url: str) -> None:
    assert not is_aws_url(url)


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sts]:
    with sts_on_loopback() as told:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", told.url)
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, str(tmp_path / name))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
        told.genuine.add(jwt(CLAIMS))
        (tmp_path / "token").write_text(f"{jwt(CLAIMS)}\n")
        yield told


def asked(sts: Sts, *, beside: bool = True) -> AwsIdentity:
    sessions = Sessions(lambda: None, lambda _: AwsCredentialsSpec(), store_url=lambda: sts.url if beside else "")
    return AwsIdentity(local=lambda: RUN, find_origin=sessions.find_origin, environment=lambda: OF_RUN, gitlab=GITLAB)


def test_token_exchange_needs_no_additional_call(sts: Sts) -> None:
    assert asked(sts).identify_actor() == replace(RUN, verified=True, arn=SESSION)
    assert sts.asked == ["AssumeRoleWithWebIdentity", "GetCallerIdentity"]


def test_sent_token_counts_not_the_later_file(sts: Sts, tmp_path: Path) -> None:
    """And not what lies in the file once it is looked at."""
    sessions = Sessions(lambda: None, lambda _: AwsCredentialsSpec(), store_url=lambda: sts.url)
    sessions.fetch_caller()
    (tmp_path / "token").write_text(jwt({**CLAIMS, "actor": "mallory"}))
    assert (
        AwsIdentity(local=lambda: RUN, find_origin=sessions.find_origin, environment=lambda: OF_RUN, gitlab=GITLAB)
        .identify_actor()
        .name
        == "octocat"
    )


def test_sts_outside_of_aws_verifies_no_token(sts: Sts) -> None:
    found = asked(sts, beside=False)
    assert not found.identify_actor().verified
    assert "not an AWS address" in found.explain_doubt()


def test_a_refused_token_is_described_and_not_shown(sts: Sts, tmp_path: Path) -> None:
    sts.refusal = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    (tmp_path / "token").write_text(jwt({**CLAIMS, "environment": "prod\x1b[2J", "aud": ["a", "b"]}))
    with pytest.raises(EnvctlError) as raised:
        asked(sts).identify_actor()
    (only,) = raised.value.problems
    assert only.code == "E415"
    assert 'sub repo:acme/shop:environment:prod, aud ["a", "b"], environment prod?[2J' in only.message
    assert "eyJ" not in only.message
    assert "trust policy" in only.hint


FILES = {
    "a pipe": lambda file: __import__("os").mkfifo(file),
    "a huge file": lambda file: file.write_bytes(b"a" * 10_000_000),
    "a folder": lambda file: file.mkdir(),
    "no ASCII": lambda file: file.write_bytes(b"\xff\xfe"),
    "nothing": lambda _: None,
}


@pytest.mark.parametrize("make", FILES.values(), ids=FILES)
def test_token_file_is_refused_when(sts: Sts, tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    (tmp_path / "token").unlink()
    make(tmp_path / "token")
    with pytest.raises(EnvctlError, match="E495"):
        asked(sts).identify_actor()
