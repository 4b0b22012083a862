"""Signatures and the public keys that they are checked with. Nobody else has to be asked for that."""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

Algorithm = Literal["ECDSA_SHA_256", "ECDSA_SHA_384", "ECDSA_SHA_512", "RSASSA_PSS_SHA_256"]
CURVES: dict[str, Algorithm] = {
    "secp256r1": "ECDSA_SHA_256",
    "secp384r1": "ECDSA_SHA_384",
    "secp521r1": "ECDSA_SHA_512",
}
SMALLEST_RSA = 2048
KEPT = 20_000
_BLOCK = re.compile(rb"-----BEGIN ([A-Z ]+)-----\s*([A-Za-z0-9+/=\s]+?)-----END \1-----")


@dataclass(frozen=True)
class Signature:
    """`key` is the fingerprint of the public key that it is to be checked with, `value` the signature in base64."""

    key: str
    value: str


@dataclass(frozen=True)
class PublicKey:
    """A key as its SubjectPublicKeyInfo in DER. Its fingerprint is the SHA-256 of that."""

    der: bytes

    @property
    def fingerprint(self) -> str:
        return sha256(self.der).hexdigest()

    @property
    def algorithm(self) -> Algorithm:
        """The one way in which this key signs, as KMS calls it: where there is a choice, there is a way to cheat."""
        return _algorithm(_loaded(self.der))

    @property
    def pem(self) -> bytes:
        text = b64encode(self.der)
        lines = [text[start : start + 64] for start in range(0, len(text), 64)]
        return b"\n".join([b"-----BEGIN PUBLIC KEY-----", *lines, b"-----END PUBLIC KEY-----", b""])

    def signed(self, value: bytes, message: bytes) -> bool:
        """Whether the value is this key's signature of the message."""
        return _holds(self.der, value, message)


class UnusableKeyError(ValueError):
    """Not a public key that an entry can be signed with."""


def public_key(der: bytes) -> PublicKey:
    """Raises UnusableKeyError where these bytes are no key, or one of a kind that signs nothing here."""
    _algorithm(_loaded(der))
    return PublicKey(der)


def public_keys(pem: bytes) -> tuple[PublicKey, ...]:
    """Those that a file holds, in its order. Raises UnusableKeyError unless each of them can be used."""
    blocks = _BLOCK.findall(pem)
    if len(blocks) != pem.count(b"-----BEGIN ") or not blocks:
        raise UnusableKeyError("it is no file of public keys in PEM")
    for kind, _ in blocks:
        if kind != b"PUBLIC KEY":
            raise UnusableKeyError(f"it holds a {kind.decode().lower()}, not a public key")
    return tuple(public_key(_decoded(b"".join(body.split()))) for _, body in blocks)


def written(key: PublicKey, value: bytes) -> Signature:
    return Signature(key.fingerprint, b64encode(value).decode())


def value_of(signature: Signature) -> bytes | None:
    """None for text that is not the one way in which envctl writes a value."""
    try:
        value = b64decode(signature.value, validate=True)
    except ValueError:
        return None
    return value if b64encode(value).decode() == signature.value else None


def _decoded(body: bytes) -> bytes:
    try:
        return b64decode(body, validate=True)
    except ValueError as error:
        raise UnusableKeyError("a key in it is not in base64") from error


@lru_cache(maxsize=64)
def _loaded(der: bytes) -> "PublicKeyTypes":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        return load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableKeyError("a key in it is none that can be read") from error


def _algorithm(key: "PublicKeyTypes") -> Algorithm:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if isinstance(key, EllipticCurvePublicKey) and key.curve.name in CURVES:
        return CURVES[key.curve.name]
    if isinstance(key, RSAPublicKey) and key.key_size >= SMALLEST_RSA:
        return "RSASSA_PSS_SHA_256"
    raise UnusableKeyError("a key in it is neither on a curve P-256, P-384 or P-521, nor RSA of 2048 bits or more")


# Pure, and asked about the same entries again and again in the life of a command.
@lru_cache(maxsize=KEPT)
def _holds(der: bytes, value: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    key = _loaded(der)
    digest = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[_algorithm(key)[-3:]]
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, message, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            # AWS salts with as many bytes as a digest has, and emulators of it with more.
            pss = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
            key.verify(value, message, pss, digest)
    except InvalidSignature:
        return False
    return True
