"""A GitLab that signs ID tokens with a key of its own, and serves that key on loopback; and the AWS that trusts it."""

import base64
import http.server
import json
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _to_number(text: str) -> int:
    return int.from_bytes(_decode(text), "big")


@dataclass
class GitlabIssuer:
    """`keys_url` is where its public key is read from."""

    keys_url: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def sign_token(self, claims: Mapping[str, Any], algorithm: str = "RS256") -> str:
        header = {"alg": algorithm, "typ": "JWT", "kid": "1"}
        signed = ".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{_encode(self.key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"

    @property
    def jwks(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        parts = {name: _encode(getattr(numbers, name).to_bytes(256, "big")) for name in ("n", "e")}
        return json.dumps({"keys": [{"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", **parts}]}).encode()


def is_accepted(token: str, keys_url: str, issuer: str, audience: str) -> bool:
    """Check a token as AWS does: signature by the keys of the issuer, issuer, audience and end."""
    signed, _, signature = token.rpartition(".")
    header, claims = (json.loads(_decode(part)) for part in signed.split("."))
    with urllib.request.urlopen(keys_url, timeout=10) as answer:
        (key,) = json.load(answer)["keys"]
    public = rsa.RSAPublicNumbers(_to_number(key["e"]), _to_number(key["n"])).public_key()
    try:
        public.verify(_decode(signature), signed.encode(), padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    fits = (header["alg"], claims["iss"], claims["aud"]) == ("RS256", issuer, audience)
    return fits and claims["exp"] > time.time()


@contextmanager
def gitlab_issuer() -> Iterator[GitlabIssuer]:
    issuer = GitlabIssuer()

    class Keys(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(issuer.jwks)))
            self.end_headers()
            self.wfile.write(issuer.jwks)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    issuer.keys_url = f"http://127.0.0.1:{server.server_address[1]}/oauth/discovery/keys"
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
