"""STS on loopback, and beside it all that boto3 can take credentials from: it knows whose each key is."""

import base64
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/envctl-ci"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/envctl-ci/job"
GITLAB_URL = "https://gitlab.com"
TOKEN_KEY = "ASIATOKEN"
ENDS = "2126-11-25T09:00:00Z"
_CALLER = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>{arn}</Arn><UserId>A:x</UserId><Account>111111111111</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""
_GIVEN = """<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><Credentials>
<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>key</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>2126-11-25T09:00:00Z</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>A:x</AssumedRoleId>
<Arn>{arn}</Arn></AssumedRoleUser>{more}</{action}Result></{action}Response>"""
_REFUSED = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"""


def GITLAB() -> str:  # noqa: N802 (a constant, as the port asks for it)
    return GITLAB_URL


def jwt(claims: object, header: object = {"alg": "RS256"}) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    return f"{'.'.join(parts)}.c2lnbmF0dXJl"


@dataclass
class Sts:
    """`genuine` are the tokens that it takes, besides those that `accepts` finds right; all where it takes any. `said`
    is what its answer says of a token, `arns` whose the keys are.
    """

    url: str = ""
    genuine: set[str] = field(default_factory=set)
    takes_any: bool = False
    accepts: Callable[[str], bool] = lambda _: False
    said: Mapping[str, str] = field(default_factory=dict)
    arns: dict[str, str] = field(default_factory=dict)
    session: str = SESSION
    date: str = ""
    refusal: tuple[str, str] = ("InvalidIdentityToken", "The ID Token provided is not a valid JWT")
    asked: list[str] = field(default_factory=list)

    def answer(self, asked: Mapping[str, str], key: str) -> tuple[int, str]:
        self.asked.append(asked["Action"])
        match asked["Action"]:
            case "GetCallerIdentity":
                arn = {TOKEN_KEY: self.session, **self.arns}.get(key)
                if arn is None:
                    return 403, _REFUSED.format(code="InvalidClientTokenId", message=key)
                return 200, _CALLER.format(arn=arn)
            case "AssumeRole":
                arn = asked["RoleArn"].replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
                self.arns["ASIAROLE"] = f"{arn}/{asked['RoleSessionName']}"
                return 200, _GIVEN.format(action="AssumeRole", key="ASIAROLE", arn=self.arns["ASIAROLE"], more="")
            case "AssumeRoleWithWebIdentity" as action:
                token = asked["WebIdentityToken"]
                if not (self.takes_any or token in self.genuine or self.accepts(token)):
                    code, message = self.refusal
                    return 400, _REFUSED.format(code=code, message=message)
                more = "".join(f"<{name}>{value}</{name}>" for name, value in self.said.items())
                return 200, _GIVEN.format(action=action, key=TOKEN_KEY, arn=self.session, more=more)
        raise AssertionError(asked)


@contextmanager
def sts_on_loopback() -> Iterator[Sts]:
    told = Sts()

    class Visit(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            key = re.search(r"Credential=(\w+)/", self.headers.get("Authorization", ""))
            status, text = told.answer({name: each[0] for name, each in body.items()}, key[1] if key else "")
            self._send(status, text)

        def do_PUT(self) -> None:
            """The metadata service gives tokens of its own."""
            self._send(200, "imds")

        def do_GET(self) -> None:
            self._send(200, _elsewhere(self.path))

        def _send(self, status: int, text: str) -> None:
            self.send_response_only(status)
            if told.date:
                self.send_header("Date", told.date)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Visit)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _elsewhere(path: str) -> str:
    """Single sign-on, a container, and the metadata of an instance."""
    if path.startswith("/federation/credentials"):
        keys: dict[str, object] = {"accessKeyId": "ASIASSO", "secretAccessKey": "x", "sessionToken": "x"}
        return json.dumps({"roleCredentials": {**keys, "expiration": 4_950_000_000_000}})
    if path.endswith("/iam/security-credentials/"):
        return "machine"
    key = "ASIACONTAINER" if path.startswith("/container") else "ASIAMACHINE"
    said = {"AccessKeyId": key, "SecretAccessKey": "x", "Token": "x", "Expiration": ENDS}
    return json.dumps({"Code": "Success", **said})
