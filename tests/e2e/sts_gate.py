"""STS in front of moto, which lets everybody take every role: here a role is given only to those that it trusts.

Who may ask (the permission of the caller) is still moto's to say. Tokens are believed without their signature.
"""

import base64
import json
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from aws_api_emulator.exchange import Request, Response

from tests.iam.tokens import Provider, decide_token
from tests.iam.trust import ASSUME, ASSUME_WITH_TOKEN, TAG, Decision, TrustRequest, decide, describe_caller

OpenClient = Callable[[str, str], Any]
"""boto3 as the administrator of an account, by account and service."""
XMLNS = "https://sts.amazonaws.com/doc/2011-06-15/"
XML = [("Content-Type", "text/xml")]


class StsGate:
    """`elsewhere` is an account without roles of jobs: in an account of its own, moto evaluates trust, and wrongly."""

    def __init__(self, open_client: OpenClient, providers: Collection[Provider], elsewhere: str) -> None:
        self._open_client = open_client
        self._providers = providers
        self._elsewhere = elsewhere
        self.decisions: list[tuple[str, str, Decision]] = []

    def answer_request(self, request: Request, caller: str) -> Response | None:
        """Return what STS answers, or None where moto decides. `caller` is the ARN behind the key of the request."""
        if not request.host.startswith("sts."):
            return None
        asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        action = f"sts:{asked.get('Action', '')}"
        if action not in (ASSUME, ASSUME_WITH_TOKEN):
            return None
        role = asked["RoleArn"]
        decision = self._decide(role, asked, caller, action)
        self.decisions.append((caller or "token", role, decision))
        if decision is not Decision.ALLOWED:
            return _refuse(f"Not authorized to perform {action}")
        # moto wants a signature for a token too, where it enforces permissions.
        return self._give_role(role, asked) if action == ASSUME_WITH_TOKEN else None

    def _decide(self, role: str, asked: dict[str, str], caller: str, action: str) -> Decision:
        _, _, _, _, account, path = role.split(":", 5)
        iam = self._open_client(account, "iam")
        try:
            found = iam.get_role(RoleName=path.rpartition("/")[2])["Role"]
        except iam.exceptions.NoSuchEntityException:
            return Decision.NOT_ALLOWED
        if found["Arn"] != role:
            return Decision.NOT_ALLOWED
        policy = found["AssumeRolePolicyDocument"]
        if action == ASSUME_WITH_TOKEN:
            own = [each for each in self._providers if f"::{account}:" in each.arn]
            return decide_token(policy, read_claims(asked["WebIdentityToken"]), own)
        if not caller:
            return Decision.NOT_ALLOWED
        tagged = any(name.startswith("Tags.") for name in asked)
        return decide(
            policy, TrustRequest(describe_caller(caller), (ASSUME, TAG) if tagged else (ASSUME,), _context(asked))
        )

    def _give_role(self, role: str, asked: dict[str, str]) -> Response:
        sts = self._open_client(self._elsewhere, "sts")
        given = sts.assume_role(RoleArn=role, RoleSessionName=asked["RoleSessionName"])
        keys = given["Credentials"]
        said = {**keys, "Expiration": keys["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ")}
        fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in said.items())
        user = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in given["AssumedRoleUser"].items())
        result = f"<Credentials>{fields}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>"
        name = "AssumeRoleWithWebIdentity"
        body = f'<{name}Response xmlns="{XMLNS}"><{name}Result>{result}</{name}Result></{name}Response>'
        return Response("200 OK", XML, body.encode())


def read_claims(token: str) -> dict[str, str]:
    payload = token.split(".")[1]
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _context(asked: dict[str, str]) -> dict[str, tuple[str, ...]]:
    keys = {"ExternalId": "sts:externalid", "RoleSessionName": "sts:rolesessionname"}
    return {key: (asked[name],) for name, key in keys.items() if name in asked}


def _refuse(message: str) -> Response:
    error = f"<Type>Sender</Type><Code>AccessDenied</Code><Message>{escape(message)}</Message>"
    body = f'<ErrorResponse xmlns="{XMLNS}"><Error>{error}</Error><RequestId>gate</RequestId></ErrorResponse>'
    return Response("403 Forbidden", XML, body.encode())
