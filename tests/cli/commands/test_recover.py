"""What is typed behind `envctl recover ENV --import`."""

import pytest

from envctl.cli.commands.deployment.recover import parse_import
from envctl.cli.entry import run
from envctl.domain.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "address", "identity"),
    [
        ("module.web.aws_x.y=i-1", "module.web.aws_x.y", "i-1"),
        ("module.web.aws_x.y[0]=a=b", "module.web.aws_x.y[0]", "a=b"),
        ('module.web.aws_x.y["a=b"]=c', 'module.web.aws_x.y["a=b"]', "c"),
        ('module.web.module.z["a\\"]="].aws_x.y=/a b', 'module.web.module.z["a\\"]="].aws_x.y', "/a b"),
        ("module.web.aws_x.y=arn:aws:iam::1:policy/x", "module.web.aws_x.y", "arn:aws:iam::1:policy/x"),
    ],
)
def test_address_and_id_are_told_apart(typed: str, address: str, identity: str) -> None:
    assert parse_import(typed) == (address, identity)


@pytest.mark.parametrize("typed", ["", "=", "module.web.aws_x.y", "module.web.aws_x.y=", '["a=b"'])
def test_what_has_no_id_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="E368"):
        parse_import(typed)


def test_command_line_that_is_wrong_changes_nothing(project: object, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["recover", "dev", "--import", "x"]) == 64
    assert "ADDRESS=ID" in capfd.readouterr().err
