"""What holds for the token of a job in each system of CI, and what holds for those of GitLab alone."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.aws.credentials.exchange_listener import TokenExchange
from envctl.adapters.aws.credentials.identity import AwsIdentity, CredentialOrigin
from envctl.adapters.aws.credentials.sessions import Sessions
from envctl.adapters.aws.credentials.tokens import ISSUER
from envctl.domain.aws.access import AwsCredentialsSpec, CallerIdentity
from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.run_start import RunStart
from tests.adapters.aws.gitlab_issuer import GitlabIssuer, gitlab_issuer, is_accepted
from tests.adapters.aws.sts_on_loopback import GITLAB_URL, ROLE, SESSION, Sts, jwt, sts_on_loopback

AUDIENCE = "sts.amazonaws.com"
GITLAB_CLAIMS = {
    "iss": GITLAB_URL,
    "sub": "project_path:acme/shop:ref_type:branch:ref:main",
    "aud": AUDIENCE,
    "project_path": "acme/shop",
    "ref": "main",
    "ref_protected": "true",
    "environment": "prod",
    "pipeline_source": "push",
    "pipeline_id": "574",
    "job_id": "302",
    "user_login": "octocat",
    "user_email": "ann@example.com",
}
GITHUB_CLAIMS = {
    "iss": ISSUER,
    "sub": "repo:acme/shop:environment:prod",
    "aud": AUDIENCE,
    "actor": "octocat",
    "repository": "acme/shop",
    "run_id": "302",
    "event_name": "push",
    "environment": "prod",
}
SELF_MANAGED = "https://git.example.com:8443/gitlab"


@dataclass(frozen=True)
class System:
    """A system of CI: its run as the machine names it, its claims, and the claims that have to be those of the run."""

    run: Actor
    claims: Mapping[str, str]
    variables: Mapping[str, str]
    actor: str
    project: str
    number: str
    trigger: str
    name: str


GITLAB = System(
    Actor("octocat", via="gitlab", run_url="https://gitlab.com/acme/shop/-/jobs/302"),
    GITLAB_CLAIMS,
    {"GITLAB_USER_LOGIN": "octocat", "CI_PROJECT_PATH": "acme/shop", "CI_JOB_ID": "302", "CI_PIPELINE_SOURCE": "push"},
    "user_login",
    "project_path",
    "job_id",
    "pipeline_source",
    "GitLab",
)
GITHUB = System(
    Actor("octocat", via="github", run_url="https://github.com/acme/shop/actions/runs/302"),
    GITHUB_CLAIMS,
    {"GITHUB_ACTOR": "octocat", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "302", "GITHUB_EVENT_NAME": "push"},
    "actor",
    "repository",
    "run_id",
    "event_name",
    "GitHub",
)


def exchange(claims: Mapping[str, Any], **more: str) -> TokenExchange:
    return replace(TokenExchange(token=jwt(claims), key="ASIA", arn=SESSION), **more)


def identify(system: System, exchanged: TokenExchange | None, gitlab: str = GITLAB_URL, **more: str) -> AwsIdentity:
    origin = CredentialOrigin(CallerIdentity("1" * 12, SESSION), "assume-role-with-web-identity", exchanged)
    return AwsIdentity(
        local=lambda: system.run,
        find_origin=lambda: origin,
        environment=lambda: {**system.variables, **more},
        gitlab=lambda: gitlab,
    )


@pytest.fixture(params=[GITHUB, GITLAB], ids=["github", "gitlab"])
def system(request: pytest.FixtureRequest) -> System:
    found = request.param
    assert isinstance(found, System)
    return found


class TestEachSystem:
    def test_job_with_exchanged_token_is_verified(self, system: System) -> None:
        found = identify(system, exchange(system.claims))
        also = ("ann@example.com",) if system is GITLAB else ()
        expected = replace(system.run, verified=True, arn=SESSION, environment="prod", also=also)
        assert (found.identify_actor(), found.explain_doubt()) == (expected, "")

    def test_answer_of_aws_has_to_fit_the_token(self, system: System) -> None:
        host = system.claims["iss"].removeprefix("https://")
        provider = f"arn:aws:iam::111111111111:oidc-provider/{host}"
        fitting = {"subject": system.claims["sub"], "audience": AUDIENCE, "provider": provider}
        assert identify(system, exchange(system.claims, **fitting)).identify_actor().verified
        for name in fitting:
            other = exchange(system.claims, **{**fitting, name: "https://example.com"})
            assert not _is_of_run(identify(system, other)), name

    def test_token_of_another_run_is_not_believed(self, system: System) -> None:
        for claim in (system.actor, system.project, system.number, system.trigger):
            found = identify(system, exchange({**system.claims, claim: "other"}))
            assert not _is_of_run(found), claim
            assert "the token is of other" in found.explain_doubt()

    def test_run_that_hides_its_trigger_is_not_believed(self, system: System) -> None:
        (variable,) = {"GITHUB_EVENT_NAME", "CI_PIPELINE_SOURCE"} & system.variables.keys()
        found = identify(system, exchange(system.claims), **{variable: ""})
        assert not _is_of_run(found)
        assert found.explain_doubt() == f"the token is of push, but {variable} is unset"

    def test_schedule_is_verified_and_nobody(self, system: System) -> None:
        name = "schedule of acme/shop, run 302"
        (variable,) = {"GITHUB_EVENT_NAME", "CI_PIPELINE_SOURCE"} & system.variables.keys()
        night = replace(
            system, run=replace(system.run, name=name), variables={**system.variables, variable: "schedule"}
        )
        start = RunStart(schedule=name, machines=("schedule",))
        found = identify(night, exchange({**system.claims, system.trigger: "schedule", "teams": ["acme/web"]}))
        found.start = start
        expected = replace(system.run, name=name, verified=True, arn=SESSION, environment="prod")
        assert (found.identify_actor(), found.find_start()) == (expected, start)
        # A token of a push is not one of a schedule.
        other = identify(night, exchange(system.claims))
        other.start = start
        assert not _is_of_run(other)
        assert "octocat" not in other.identify_actor().also

    @pytest.mark.parametrize("issuer", ["https://example.com", f"{GITLAB_URL}.example.com", f"{GITLAB_URL}/a", "", 1])
    def test_token_of_another_issuer_is_not_believed(self, system: System, issuer: object) -> None:
        found = identify(system, exchange({**system.claims, "iss": issuer}))
        assert not _is_of_run(found)
        doubt = f"[ci] in envctl.toml trusts {GITLAB_URL}" if system is GITLAB else "is not from GitHub"
        assert doubt in found.explain_doubt()

    def test_token_of_the_other_system_is_not_believed(self, system: System) -> None:
        other = GITLAB if system is GITHUB else GITHUB
        assert not _is_of_run(identify(system, exchange({**other.claims, **system.claims, "iss": other.claims["iss"]})))

    def test_unsigned_token_is_not_believed(self, system: System) -> None:
        for algorithm in ("none", "None", "NONE"):
            found = identify(system, exchange({}, token=jwt(system.claims, {"alg": algorithm})))
            assert "is not signed" in found.explain_doubt()
            assert not _is_of_run(found)

    def test_expired_token_is_not_believed(self, system: System) -> None:
        found = identify(system, exchange({**system.claims, "exp": 1}))
        assert not _is_of_run(found)
        assert "had expired" in found.explain_doubt()

    def test_job_with_keys_is_the_caller(self, system: System) -> None:
        found = identify(system, None)
        assert not _is_of_run(found)
        assert f"not come of a token of {system.name}" in found.explain_doubt()
        assert found.identify_actor().also == ("octocat",)

    def test_job_without_actor_is_not_believed(self, system: System) -> None:
        for actor in ("", 1, None):
            assert (
                "names no actor" in identify(system, exchange({**system.claims, system.actor: actor})).explain_doubt()
            )


class TestGitlab:
    @pytest.mark.parametrize("protected", ["false", "", None, 1, ["true"]])
    def test_job_of_unprotected_ref_is_the_caller(self, protected: object) -> None:
        found = identify(GITLAB, exchange({**GITLAB_CLAIMS, "ref": "trial\x1b[2J", "ref_protected": protected}))
        assert not _is_of_run(found)
        assert found.explain_doubt() == "the token is of trial?[2J, which is not protected in GitLab"
        assert set(found.identify_actor().also) == {"octocat", "ann@example.com"}

    def test_ref_protection_may_be_a_boolean(self) -> None:
        assert _is_of_run(identify(GITLAB, exchange({**GITLAB_CLAIMS, "ref_protected": True})))
        assert not _is_of_run(identify(GITLAB, exchange({**GITLAB_CLAIMS, "ref_protected": False})))

    def test_self_managed_gitlab_is_named_by_the_project(self) -> None:
        claims = {**GITLAB_CLAIMS, "iss": SELF_MANAGED}
        provider = f"arn:aws:iam::111111111111:oidc-provider/{SELF_MANAGED.removeprefix('https://')}"
        found = identify(GITLAB, exchange(claims, provider=provider), SELF_MANAGED).identify_actor()
        assert (found.verified, found.via) == (True, "gitlab")
        assert found.run_url == f"{SELF_MANAGED}/acme/shop/-/jobs/302"
        doubt = identify(GITLAB, exchange(claims)).explain_doubt()
        assert doubt == f"the token is of {SELF_MANAGED}, and [ci] in envctl.toml trusts {GITLAB_URL}"
        assert not _is_of_run(identify(GITLAB, exchange(GITLAB_CLAIMS), SELF_MANAGED))

    def test_job_url_is_read_from_the_token(self) -> None:
        forged = replace(GITLAB, run=replace(GITLAB.run, run_url="https://gitlab.com/acme/shop/-/jobs/999"))
        assert identify(forged, exchange(GITLAB_CLAIMS), CI_JOB_ID="").identify_actor().run_url == GITLAB.run.run_url


def _is_of_run(found: AwsIdentity) -> bool:
    return found.identify_actor().via != "aws"


@pytest.fixture
def issuer() -> Iterator[GitlabIssuer]:
    with gitlab_issuer() as found:
        yield found


@pytest.fixture
def sts(issuer: GitlabIssuer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sts]:
    with sts_on_loopback() as found:
        found.accepts = lambda token: is_accepted(token, issuer.keys_url, GITLAB_URL, AUDIENCE)
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", found.url)
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, str(tmp_path / name))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
        yield found


class TestGithubIssuer:
    """A GitHub of an enterprise has an issuer of its own: `[ci] github` names it, and then no other counts."""

    OWN = "https://token.actions.githubusercontent.com/acme-inc"
    SERVERS = (OWN, "https://git.example.com/_services/token", "https://token.actions.acme.ghe.com")

    def identify(self, issuer: str, trusted: str, run: Actor = GITHUB.run) -> AwsIdentity:
        origin = CredentialOrigin(
            CallerIdentity("1" * 12, SESSION),
            "assume-role-with-web-identity",
            exchange({**GITHUB_CLAIMS, "iss": issuer}, provider=f"arn:aws:iam::1:oidc-provider/{issuer[8:]}"),
        )
        return AwsIdentity(
            local=lambda: run,
            find_origin=lambda: origin,
            environment=lambda: GITHUB.variables,
            gitlab=lambda: GITLAB_URL,
            github=lambda: trusted,
        )

    @pytest.mark.parametrize("issuer", SERVERS)
    def test_named_issuer_alone_is_believed(self, issuer: str) -> None:
        assert _is_of_run(self.identify(issuer, issuer))
        for other in (ISSUER, f"{issuer}x", f"{issuer}/", *(set(self.SERVERS) - {issuer})):
            found = self.identify(other, issuer)
            assert not _is_of_run(found), other
            assert f"[ci] in envctl.toml trusts {issuer}" in found.explain_doubt()

    def test_unnamed_issuer_is_that_of_github(self) -> None:
        assert _is_of_run(self.identify(ISSUER, ""))
        assert _is_of_run(self.identify(self.OWN, ""))
        for other in self.SERVERS[1:]:
            assert not _is_of_run(self.identify(other, ""))

    @pytest.mark.parametrize(
        ("named", "expected"),
        [
            ("https://git.example.com/acme/shop/actions/runs/302", "https://git.example.com"),
            ("", "https://github.com"),
            ("javascript:alert(1)", "https://github.com"),
        ],
    )
    def test_run_is_linked_on_its_own_server(self, named: str, expected: str) -> None:
        run = replace(GITHUB.run, run_url=named)
        found = self.identify(self.OWN, self.OWN, run).identify_actor()
        assert found.run_url == f"{expected}/acme/shop/actions/runs/302"


class TestSignedTokens:
    """The signature is checked by AWS, by the keys of the issuer."""

    claims: Mapping[str, Any] = {**GITLAB_CLAIMS, "exp": int(time.time()) + 3600}

    def identify(self, sts: Sts, folder: Path, token: str) -> Actor:
        (folder / "token").write_text(token)
        sessions = Sessions(lambda: None, lambda _: AwsCredentialsSpec(), store_url=lambda: sts.url)
        identity = AwsIdentity(
            local=lambda: GITLAB.run,
            find_origin=sessions.find_origin,
            environment=lambda: GITLAB.variables,
            gitlab=lambda: GITLAB_URL,
        )
        return identity.identify_actor()

    def test_signed_token_verifies_the_user(self, sts: Sts, issuer: GitlabIssuer, tmp_path: Path) -> None:
        found = self.identify(sts, tmp_path, issuer.sign_token(self.claims))
        assert (found.name, found.via, found.verified) == ("octocat", "gitlab", True)

    def test_signed_token_of_unprotected_ref_is_the_caller(
        self, sts: Sts, issuer: GitlabIssuer, tmp_path: Path
    ) -> None:
        found = self.identify(sts, tmp_path, issuer.sign_token({**self.claims, "ref_protected": "false"}))
        assert (found.name, found.via) == (SESSION, "aws")

    @pytest.mark.parametrize(
        "forge",
        [
            lambda issuer, claims: GitlabIssuer().sign_token(claims),
            lambda issuer, claims: issuer.sign_token(claims, "none"),
            lambda issuer, claims: issuer.sign_token(claims, "HS256"),
            lambda issuer, claims: issuer.sign_token({**claims, "aud": "https://gitlab.com"}),
            lambda issuer, claims: issuer.sign_token({**claims, "exp": 1}),
            lambda issuer, claims: issuer.sign_token({**claims, "iss": "https://example.com"}),
            lambda issuer, claims: jwt(claims).rpartition(".")[0] + "." + issuer.sign_token(claims).rpartition(".")[2],
        ],
        ids=["other key", "no algorithm", "other algorithm", "other audience", "expired", "other issuer", "other text"],
    )
    def test_forged_token_gets_no_credentials(self, sts: Sts, issuer: GitlabIssuer, tmp_path: Path, forge: Any) -> None:
        token = forge(issuer, self.claims)
        with pytest.raises(EnvctlError) as raised:
            self.identify(sts, tmp_path, token)
        (problem,) = raised.value.problems
        assert problem.code == "E415"
        assert not any(part in f"{problem.message} {problem.hint}" for part in token.split("."))
