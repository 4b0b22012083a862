"""Who is at work in the laws, and by what their machine and AWS say who they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from envctl.adapters.aws.credentials.exchange_listener import TokenExchange
from envctl.adapters.aws.credentials.identity import AwsIdentity, CredentialOrigin
from envctl.adapters.aws.credentials.tokens import ISSUER
from envctl.domain.aws.access import CallerIdentity
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.run_start import RunStart
from tests.fakes.machine import SettableIdentity
from tests.fakes.tokens import MemoryTokenIssuer, encode_token
from tests.usecases.laws.oracle.rulebook import ROLE, Vouched

ANN, BOB, CAT, DAN, EVE = PEOPLE = tuple(f"{name}@example.com" for name in ("ann", "bob", "cat", "dan", "eve"))
APPROVERS = ROLE.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
OTHERS = APPROVERS.replace("/Approver", "/Developer")
PIPELINE = APPROVERS.replace("/Approver", "/Pipeline")
Forgery = Literal[
    "a token beside keys",
    "an unsigned token",
    "a token of another issuer",
    "a token of other keys",
    "a token of one's own",
    "an answer of one's own",
]
Name = Literal["own", "vouched", "claimed", "job", "schedule"] | Forgery
FORGERIES: tuple[Forgery, ...] = Forgery.__args__  # type: ignore[attr-defined]
VOUCHED: Mapping[Name, Vouched] = {"vouched": "role", "job": "job", "schedule": "schedule"}
ON_SCHEDULE = RunStart(schedule="schedule of acme/shop, run 1", machines=("schedule",))


def nickname(name: str) -> str:
    return name.rpartition("/")[2].partition("@")[0]


def person_of(actor: Actor) -> str:
    """The person whose name that is: by their address, their login, or the session of a role."""
    if actor.name == ON_SCHEDULE.schedule:
        return "a schedule"
    return nickname(actor.name)


def identity_of(person: str, name: Name) -> SettableIdentity:
    """The port of a machine on which somebody is, or claims to be, that person. By a forgery it is EVE."""
    if name == "own":
        return SettableIdentity(person)
    if name in ("vouched", "claimed"):
        return SettableIdentity(f"{APPROVERS}/{person}", via="aws" if name == "vouched" else "local")
    if name == "schedule":
        standing = _job(nickname(person), {"event_name": "schedule"})
        return _TokenIdentity(nickname(person), start=ON_SCHEDULE, standing=standing)
    return _TokenIdentity(nickname(person), standing=_STANDINGS[name](nickname(person)))


def truth_of(person: str, name: Name) -> str:
    if name == "schedule":
        return "a schedule"
    return nickname(EVE if name in FORGERIES else person)


@dataclass
class _TokenIdentity(SettableIdentity):
    """A run that says it is of CI, judged by the adapter: `standing` is what AWS knows of its credentials."""

    standing: CredentialOrigin | None = None

    def identify_actor(self) -> Actor:
        said = {"GITHUB_ACTOR": self.name, "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "1"}
        run = Actor(
            self.start.schedule or self.name, via="github", run_url="https://github.com/acme/shop/actions/runs/1"
        )
        inherited = {**said, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}
        if self.start.schedule:
            inherited["GITHUB_EVENT_NAME"] = "schedule"
        return AwsIdentity(
            local=lambda: run,
            find_origin=lambda: self.standing,
            environment=lambda: inherited,
            gitlab=lambda: "https://gitlab.com",
            start=self.start,
        ).identify_actor()


def _claims(person: str, issuer: str = ISSUER) -> dict[str, str]:
    return {
        "iss": issuer,
        "sub": "repo:acme/shop:environment:prod",
        "aud": "sts.amazonaws.com",
        "actor": person,
        "repository": "acme/shop",
        "run_id": "1",
    }


def _session(role: str, name: str, exchange: TokenExchange | None = None, doubt: str = "") -> CredentialOrigin:
    method = "assume-role-with-web-identity" if exchange else "env"
    return CredentialOrigin(CallerIdentity("333333333333", f"{role}/{name}"), method, exchange, doubt=doubt)


def _job(person: str, more: Mapping[str, str] = MappingProxyType({})) -> CredentialOrigin:
    exchange = _GITHUB.exchange_token(_GITHUB.sign_token({**_claims(person), **more}), f"{PIPELINE}/ci")
    return _session(PIPELINE, "ci", exchange)


def _token_beside_keys(_: str) -> CredentialOrigin:
    """EVE's own keys, and a token of somebody else in the file beside them: AWS exchanged none."""
    return _session(OTHERS, EVE)


def _unsigned_token(person: str) -> CredentialOrigin:
    """AWS does not take it: what is left are the keys of EVE."""
    return _session(OTHERS, EVE, _GITHUB.exchange_token(encode_token(_claims(person), "none"), f"{OTHERS}/{EVE}"))


def _token_of_another_issuer(person: str) -> CredentialOrigin:
    """The account trusts another issuer as well, which says what EVE likes."""
    token = _ELSEWHERE.sign_token(_claims(person, _ELSEWHERE.issuer))
    return _session(OTHERS, EVE, _ELSEWHERE.exchange_token(token, f"{OTHERS}/{EVE}"))


def _token_of_other_keys(person: str) -> CredentialOrigin:
    """A token that AWS took once, and keys that did not come of it."""
    return _session(OTHERS, EVE, _GITHUB.exchange_token(_GITHUB.sign_token(_claims(person)), f"{PIPELINE}/ci"))


def _token_of_ones_own(_: str) -> CredentialOrigin:
    """EVE's own job, whose variables name somebody else."""
    return _session(OTHERS, EVE, _GITHUB.exchange_token(_GITHUB.sign_token(_claims(nickname(EVE))), f"{OTHERS}/{EVE}"))


def _answer_of_ones_own(person: str) -> CredentialOrigin:
    """A server of EVE takes the place of STS and vouches for anybody."""
    lying = _GITHUB.exchange_token(_GITHUB.sign_token(_claims(person)), f"{APPROVERS}/{person}")
    return _session(APPROVERS, person, lying, doubt="http://localhost answered who you are: that is not an AWS address")


_GITHUB, _ELSEWHERE = MemoryTokenIssuer(ISSUER), MemoryTokenIssuer("https://issuer.example.com")
_STANDINGS: Mapping[str, Callable[[str], CredentialOrigin]] = {
    "job": _job,
    "a token beside keys": _token_beside_keys,
    "an unsigned token": _unsigned_token,
    "a token of another issuer": _token_of_another_issuer,
    "a token of other keys": _token_of_other_keys,
    "a token of one's own": _token_of_ones_own,
    "an answer of one's own": _answer_of_ones_own,
}
