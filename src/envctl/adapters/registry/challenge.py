"""Authentication at a registry: its challenge in `WWW-Authenticate`, and the token for the response to it."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from envctl.adapters.registry.failures import denied_error, response_error
from envctl.adapters.registry.login import Login
from envctl.adapters.registry.transport import Answer, Transport
from envctl.domain.command_lines import format_command
from envctl.domain.images.image_reference import parse_ecr_registry

_CHALLENGE = re.compile(r"\s*(?P<scheme>[A-Za-z]+)\s+(?P<rest>.*)", re.DOTALL)
_PARAMETER = re.compile(r'(?P<name>[A-Za-z_]+)="(?P<value>[^"]*)"')
_OK = 200


@dataclass(frozen=True)
class Challenge:
    """A challenge of a registry. `realm` is the URL of its token service; `service` and `scope` are for the token."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""

    @classmethod
    def from_header(cls, header: str) -> "Challenge | None":
        found = _CHALLENGE.match(header)
        if found is None:
            return None
        parameters = {match["name"].lower(): match["value"] for match in _PARAMETER.finditer(found["rest"])}
        realm, service, scope = (parameters.get(name, "") for name in ("realm", "service", "scope"))
        return cls(found["scheme"].lower(), realm, service, scope)


def authenticate(transport: Transport, header: str, login: Callable[[], Login | None], scope: str) -> str:
    """Return the `Authorization` for a second attempt. Raises OperationFailedError."""
    match challenge := Challenge.from_header(header):
        case Challenge("basic"):
            credentials = login()
            if credentials is None or credentials.is_token:
                hint = suggest_login(transport.registry)
                raise denied_error(transport.registry, "it requires a login, but there is none", hint)
            return credentials.basic_authorization
        case Challenge("bearer", realm) if realm:
            return f"Bearer {_fetch_token(transport, challenge, login(), challenge.scope or scope)}"
        case _:
            raise response_error(transport.registry, "it requires an unknown kind of login")


def suggest_login(registry: str) -> str:
    if parse_ecr_registry(registry):
        return (
            "allow the role of the environment to pull from it, and to push to copied repositories:"
            f" {format_command('explain', 'E432')}"
        )
    return f"log in with a permitted account: docker login {registry}"


def _fetch_token(transport: Transport, challenge: Challenge, login: Login | None, scope: str) -> str:
    response = _request_token(transport, challenge, login, scope)
    if response.status != _OK:
        why = "your login is rejected" if login else "access requires a login"
        raise denied_error(transport.registry, f"{why} ({response.status})", suggest_login(transport.registry))
    try:
        document = json.loads(response.body)
        token = document.get("token") or document.get("access_token")
    except (ValueError, AttributeError, RecursionError):
        token = None
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise response_error(transport.registry, "it gives no usable token")
    return token


def _request_token(transport: Transport, challenge: Challenge, login: Login | None, scope: str) -> Answer:
    parameters = {"service": challenge.service, "scope": scope}
    if login is not None and login.is_token:
        form = {**parameters, "grant_type": "refresh_token", "client_id": "envctl", "refresh_token": login.secret}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return transport.send_request("POST", challenge.realm, headers, urlencode(form).encode())
    query = urlencode({name: value for name, value in parameters.items() if value})
    url = f"{challenge.realm}{'&' if '?' in challenge.realm else '?'}{query}"
    return transport.send_request("GET", url, {"Authorization": login.basic_authorization} if login else {})
