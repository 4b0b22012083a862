"""How a registry asks for credentials: `WWW-Authenticate`, and the token that one gets for an answer."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from envctl.adapters.registry.failures import denied, wrong
from envctl.adapters.registry.login import Login
from envctl.adapters.registry.transport import Answer, Transport
from envctl.domain.images.image_reference import ecr

_CHALLENGE = re.compile(r"\s*(?P<scheme>[A-Za-z]+)\s+(?P<rest>.*)", re.DOTALL)
_PARAMETER = re.compile(r'(?P<name>[A-Za-z_]+)="(?P<value>[^"]*)"')
_OK = 200


@dataclass(frozen=True)
class Challenge:
    """`realm` is where a token is given; `service` and `scope` say what for."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""

    @classmethod
    def parse(cls, header: str) -> "Challenge | None":
        found = _CHALLENGE.match(header)
        if found is None:
            return None
        said = {match["name"].lower(): match["value"] for match in _PARAMETER.finditer(found["rest"])}
        return cls(found["scheme"].lower(), said.get("realm", ""), said.get("service", ""), said.get("scope", ""))


def answer(transport: Transport, header: str, login: Callable[[], Login | None], scope: str) -> str:
    """The `Authorization` with which the registry may be asked again. Raises OperationFailedError."""
    challenge = Challenge.parse(header)
    match challenge:
        case Challenge("basic"):
            known = login()
            if known is None or known.identity:
                raise denied(transport.registry, "it asks for a login, and there is none", hint(transport.registry))
            return known.basic
        case Challenge("bearer", realm) if realm:
            return f"Bearer {_token(transport, challenge, login(), challenge.scope or scope)}"
        case _:
            raise wrong(transport.registry, "it asks for a login in a way that envctl does not know")


def hint(registry: str) -> str:
    """What lets one in."""
    if ecr(registry):
        return (
            "let the role of the environment pull from it, and push where it copies to: docs/images.md lists the rights"
        )
    return f"log in with an account that may: docker login {registry}"


def _token(transport: Transport, challenge: Challenge, login: Login | None, scope: str) -> str:
    said = _asked(transport, challenge, login, scope)
    if said.status != _OK:
        who = "your login is not taken" if login else "nobody gets in without a login"
        raise denied(transport.registry, f"{who} ({said.status})", hint(transport.registry))
    try:
        document = json.loads(said.body)
        token = document.get("token") or document.get("access_token")
    except (ValueError, AttributeError, RecursionError):
        token = None
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise wrong(transport.registry, "it gives no token that could be sent")
    return token


def _asked(transport: Transport, challenge: Challenge, login: Login | None, scope: str) -> Answer:
    wanted = {"service": challenge.service, "scope": scope}
    if login is not None and login.identity:
        form = {**wanted, "grant_type": "refresh_token", "client_id": "envctl", "refresh_token": login.secret}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return transport.ask("POST", challenge.realm, headers, urlencode(form).encode())
    parameters = urlencode({name: value for name, value in wanted.items() if value})
    url = f"{challenge.realm}{'&' if '?' in challenge.realm else '?'}{parameters}"
    return transport.ask("GET", url, {"Authorization": login.basic} if login else {})
