"""Signatures and their public keys, verified without any service."""

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
MIN_RSA_BITS = 2048
CACHE_SIZE = 20_000
_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z ]+)-----\s*([A-Za-z0-9+/=\s]+?)-----END \1-----")


@dataclass(frozen=True)
class Signature:
    """A signature of an entry or checkpoint."""

    key: str  # Fingerprint of its public key
    value: str  # The signature in base64


@dataclass(frozen=True)
class PublicKey:
    """A key as SubjectPublicKeyInfo in DER; its fingerprint is the SHA-256 of these bytes."""

    der: bytes

    @property
    def fingerprint(self) -> str:
        return sha256(self.der).hexdigest()

    @property
    def algorithm(self) -> Algorithm:
        """The only accepted algorithm of this key, as KMS names it: a choice would weaken it."""
        return _find_algorithm(_load_key(self.der))

    @property
    def pem(self) -> bytes:
        text = b64encode(self.der)
        lines = [text[start : start + 64] for start in range(0, len(text), 64)]
        return b"\n".join([b"-----BEGIN PUBLIC KEY-----", *lines, b"-----END PUBLIC KEY-----", b""])

    def has_signed(self, value: bytes, message: bytes) -> bool:
        """Check if the value is a signature of the message by this key."""
        return _is_valid_signature(self.der, value, message)


class UnusableKeyError(ValueError):
    """The bytes are not a public key for signing entries."""


def parse_public_key(der: bytes) -> PublicKey:
    """Parse a public key in DER. Raises UnusableKeyError for other bytes, and for unsupported kinds of keys."""
    _find_algorithm(_load_key(der))
    return PublicKey(der)


def parse_public_keys(pem: bytes) -> tuple[PublicKey, ...]:
    """Parse the public keys of a PEM file, in order. Raises UnusableKeyError unless all are usable."""
    blocks = _PEM_BLOCK.findall(pem)
    if len(blocks) != pem.count(b"-----BEGIN ") or not blocks:
        raise UnusableKeyError("it is not a file of public keys in PEM")
    for kind, _ in blocks:
        if kind != b"PUBLIC KEY":
            raise UnusableKeyError(f"it contains a {kind.decode().lower()}, not a public key")
    return tuple(parse_public_key(_decode_base64(b"".join(body.split()))) for _, body in blocks)


def list_fingerprints(pem: bytes) -> tuple[str, ...]:
    """Return the fingerprints of the keys in a PEM file, without a check that they are usable."""
    try:
        return tuple(sha256(_decode_base64(b"".join(body.split()))).hexdigest() for _, body in _PEM_BLOCK.findall(pem))
    except UnusableKeyError:
        return ()


def to_signature(key: PublicKey, value: bytes) -> Signature:
    return Signature(key.fingerprint, b64encode(value).decode())


def decode_signature(signature: Signature) -> bytes | None:
    """Return the bytes of a signature; None unless it is canonical base64."""
    try:
        value = b64decode(signature.value, validate=True)
    except ValueError:
        return None
    return value if b64encode(value).decode() == signature.value else None


def _decode_base64(body: bytes) -> bytes:
    try:
        return b64decode(body, validate=True)
    except ValueError as error:
        raise UnusableKeyError("a key in it is not in base64") from error


@lru_cache(maxsize=64)
def _load_key(der: bytes) -> "PublicKeyTypes":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        return load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableKeyError("a key in it can't be read") from error


def _find_algorithm(key: "PublicKeyTypes") -> Algorithm:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if isinstance(key, EllipticCurvePublicKey) and key.curve.name in CURVES:
        return CURVES[key.curve.name]
    if isinstance(key, RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return "RSASSA_PSS_SHA_256"
    raise UnusableKeyError("a key in it is neither on a curve P-256, P-384 or P-521, nor RSA of 2048 bits or more")


# Cached: a command verifies the same entries many times.
@lru_cache(maxsize=CACHE_SIZE)
def _is_valid_signature(der: bytes, value: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    key = _load_key(der)
    digest = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[_find_algorithm(key)[-3:]]
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, message, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            # The salt of AWS is as long as the digest; emulators use longer ones.
            pss = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
            key.verify(value, message, pss, digest)
    except InvalidSignature:
        return False
    return True
