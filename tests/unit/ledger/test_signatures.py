"""Public keys, and what each of them signs: with real keys of every kind that KMS has."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ledger.signatures import (
    Algorithm,
    PublicKey,
    Signature,
    UnusableKeyError,
    decode_signature,
    parse_public_key,
    parse_public_keys,
    to_signature,
)

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
MESSAGE = b"m" * 32


def der(private: Private) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def by_curve(curve: ec.EllipticCurve, digest: HashAlgorithm) -> tuple[bytes, bytes]:
    private = ec.generate_private_key(curve)
    return der(private), private.sign(MESSAGE, ec.ECDSA(digest))


def by_rsa(size: int) -> tuple[bytes, bytes]:
    private = rsa.generate_private_key(65537, size)
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    return der(private), private.sign(MESSAGE, pss, SHA256())


KINDS: dict[Algorithm, tuple[bytes, bytes]] = {
    "ECDSA_SHA_256": by_curve(ec.SECP256R1(), SHA256()),
    "ECDSA_SHA_384": by_curve(ec.SECP384R1(), SHA384()),
    "ECDSA_SHA_512": by_curve(ec.SECP521R1(), SHA512()),
    "RSASSA_PSS_SHA_256": by_rsa(2048),
}
KEY, VALUE = KINDS["ECDSA_SHA_256"]
OTHER, _ = by_curve(ec.SECP256R1(), SHA256())


@pytest.mark.parametrize("algorithm", KINDS)
def test_each_key_type_signs_with_its_own_algorithm(algorithm: Algorithm) -> None:
    key, value = parse_public_key(KINDS[algorithm][0]), KINDS[algorithm][1]
    assert key.algorithm == algorithm
    assert key.has_signed(value, MESSAGE)
    assert not key.has_signed(value, MESSAGE + b"!")
    assert not any(
        parse_public_key(other).has_signed(value, MESSAGE) for other, _ in KINDS.values() if other != key.der
    )


@pytest.mark.parametrize("algorithm", KINDS)
@given(st.data())
def test_flipped_bit_invalidates_signature(algorithm: Algorithm, data: st.DataObject) -> None:
    key, value = KINDS[algorithm]
    at = data.draw(st.integers(0, len(value) * 8 - 1))
    flipped = bytes(byte ^ (1 << at % 8 if number == at // 8 else 0) for number, byte in enumerate(value))
    assert not PublicKey(key).has_signed(flipped, MESSAGE)


def test_signature_with_other_padding_is_invalid() -> None:
    private = rsa.generate_private_key(65537, 2048)
    assert not parse_public_key(der(private)).has_signed(private.sign(MESSAGE, padding.PKCS1v15(), SHA256()), MESSAGE)


def test_key_file_keeps_keys_and_order() -> None:
    keys = tuple(PublicKey(key) for key, _ in KINDS.values())
    assert parse_public_keys(b"".join(key.pem for key in keys)) == keys
    assert parse_public_keys(b"# of prod\r\n" + keys[0].pem.replace(b"\n", b"\r\n") + b"\n\n") == keys[:1]


def test_key_file_equals_the_openssl_form() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert parse_public_key(der(private)).pem == pem


def pem(kind: str, content: bytes) -> bytes:
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (kind.encode(), b64encode(content), kind.encode())


PRIVATE = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not a file of public keys"),
    "garbage": (b"\xff\x00", "not a file of public keys"),
    "half a key": (PublicKey(KEY).pem[:80], "not a file of public keys"),
    "a key and half of another": (PublicKey(KEY).pem + PublicKey(OTHER).pem[:80], "not a file of public keys"),
    "a private key": (PRIVATE, "it contains a private key, not a public key"),
    "a certificate": (pem("CERTIFICATE", KEY), "it contains a certificate, not a public key"),
    "no base64": (b"-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----\n", "not in base64"),
    "no key": (pem("PUBLIC KEY", b"key"), "a key in it can.t be read"),
    "a key with more behind it": (pem("PUBLIC KEY", KEY + b"!"), "a key in it can.t be read"),
    "a curve of somebody else": (pem("PUBLIC KEY", der(ec.generate_private_key(ec.SECP256K1()))), "neither on a curve"),
    "a key that KMS has not": (pem("PUBLIC KEY", der(ed25519.Ed25519PrivateKey.generate())), "neither on a curve"),
    "a short key": (pem("PUBLIC KEY", by_rsa(1024)[0]), "RSA of 2048 bits or more"),
}


@pytest.mark.parametrize(("data", "reason"), BAD.values(), ids=BAD.keys())
def test_unusable_key_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UnusableKeyError, match=reason):
        parse_public_keys(data)


@given(st.binary(max_size=100))
def test_malformed_key_is_refused(data: bytes) -> None:
    with pytest.raises(UnusableKeyError):
        parse_public_keys(pem("PUBLIC KEY", data))


def test_signature_has_one_canonical_text() -> None:
    signature = to_signature(PublicKey(KEY), VALUE)
    assert decode_signature(signature) == VALUE
    for text in (f"{signature.value}\n", f" {signature.value}", signature.value.rstrip("=") + "====", "ä", "QR=="):
        assert decode_signature(Signature(signature.key, text)) is None, text


def test_malformed_signature_is_invalid() -> None:
    for value in (b"", b"\x30", VALUE[:-1], VALUE + b"\0", b"\0" * 4000):
        assert not PublicKey(KEY).has_signed(value, MESSAGE)
