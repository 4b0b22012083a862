"""What a text in a setting names: a secret, a parameter, neither."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.aws.secret_names import parse_secret
from envctl.domain.aws.secret_status import NeededSecret, SecretKind
from tests.catching import catch

HERE: dict[str, Any] = {"account_id": "333333333333", "region": "eu-west-1"}
SECRET = "arn:aws:secretsmanager:eu-west-1:333333333333:secret:"
PARAMETER = "arn:aws:ssm:eu-west-1:333333333333:parameter"

NAMES: dict[str, tuple[SecretKind, str, NeededSecret | None]] = {
    "a name": ("secretsmanager", "shop/db", NeededSecret(kind="secretsmanager", name="shop/db", id="shop/db")),
    "a name of signs": (
        "secretsmanager",
        "A-b/_+=.@",
        NeededSecret(kind="secretsmanager", name="A-b/_+=.@", id="A-b/_+=.@"),
    ),
    "a parameter": ("ssm", "/shop/db", NeededSecret(kind="ssm", name="/shop/db", id="/shop/db")),
    "a parameter without a folder": ("ssm", "db", NeededSecret(kind="ssm", name="db", id="db")),
    "a version of a parameter": ("ssm", "/shop/db:3", NeededSecret(kind="ssm", name="/shop/db", id="/shop/db")),
    "a label of a parameter": ("ssm", "/shop/db:live", NeededSecret(kind="ssm", name="/shop/db", id="/shop/db")),
    "a parameter that stands for a secret": (
        "ssm",
        "/aws/reference/secretsmanager/shop/db",
        NeededSecret(kind="secretsmanager", name="shop/db", id="shop/db"),
    ),
    "a parameter of AWS, which is public": ("ssm", "/aws/service/ami-amazon-linux-latest/al2023", None),
    "the ARN of a parameter of AWS": ("ssm", f"{PARAMETER}/aws/service/ecs/image_id", None),
    "the ARN of a secret": (
        "secretsmanager",
        f"{SECRET}shop/db-a1B2c3",
        NeededSecret(kind="secretsmanager", name="shop/db", id=f"{SECRET}shop/db-a1B2c3", **HERE),
    ),
    "the ARN of a secret without its suffix": (
        "secretsmanager",
        f"{SECRET}shop/db",
        NeededSecret(kind="secretsmanager", name="shop/db", id=f"{SECRET}shop/db", **HERE),
    ),
    "a key within a secret, as a container asks for it": (
        "secretsmanager",
        f"{SECRET}shop/db-a1B2c3:password::",
        NeededSecret(kind="secretsmanager", name="shop/db", id=f"{SECRET}shop/db-a1B2c3", **HERE),
    ),
    "the ARN of a nested one": (
        "ssm",
        f"{PARAMETER}/shop/db",
        NeededSecret(kind="ssm", name="/shop/db", id="/shop/db", **HERE),
    ),
    "the ARN of a parameter": ("ssm", f"{PARAMETER}/db", NeededSecret(kind="ssm", name="db", id="db", **HERE)),
    "an ARN of the other kind, which is right": (
        "ssm",
        f"{SECRET}shop/db-a1B2c3",
        NeededSecret(kind="secretsmanager", name="shop/db", id=f"{SECRET}shop/db-a1B2c3", **HERE),
    ),
    "an ARN of China": (
        "ssm",
        "arn:aws-cn:ssm:cn-north-1:333333333333:parameter/db",
        NeededSecret(kind="ssm", name="db", id="db", account_id="333333333333", region="cn-north-1"),
    ),
}
NO_NAMES: dict[str, tuple[SecretKind, str]] = {
    "a password": ("secretsmanager", "p@ss w0rd!"),
    "a password as a parameter": ("ssm", "p@ssw0rd"),
    "text over two lines": ("secretsmanager", "shop/db\n"),
    "spaces": ("secretsmanager", "  "),
    "a name that is too long": ("secretsmanager", "x" * 513),
    "a parameter that is too long": ("ssm", "/" + "x" * 1011),
    "a folder of parameters": ("ssm", "/shop/"),
    "an ARN of something else": ("secretsmanager", "arn:aws:kms:eu-west-1:333333333333:key/a"),
    "an ARN without an account": ("ssm", "arn:aws:ssm:eu-west-1::parameter/db"),
    "the ARN of a secret without a name": ("secretsmanager", SECRET),
    "the ARN of a document": ("ssm", "arn:aws:ssm:eu-west-1:333333333333:document/db"),
}


@pytest.mark.parametrize(("kind", "text", "named"), NAMES.values(), ids=NAMES)
def test_secret_name_is_parsed(kind: SecretKind, text: str, named: NeededSecret | None) -> None:
    assert parse_secret(kind, text) == named


@pytest.mark.parametrize(("kind", "text"), NO_NAMES.values(), ids=NO_NAMES)
def test_invalid_secret_name_is_refused(kind: SecretKind, text: str) -> None:
    assert text.strip() == "" or text not in str(catch(ValueError, parse_secret, kind, text))


@given(st.sampled_from(["secretsmanager", "ssm"]), st.text())
def test_any_text_is_a_name_or_none(kind: SecretKind, text: str) -> None:
    try:
        named = parse_secret(kind, text)
    except ValueError:
        return
    assert named is None or (named.name.isascii() and " " not in named.name)
