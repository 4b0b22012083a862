"""The template platform, with the part for Kubernetes that is commented out at first."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from envctl.cli.entry import run

FILES = ("envctl.toml", *(f"environments/{name}/terraform.tfvars" for name in ("dev", "staging", "prod")))
# After the sentences that say what it is, which begin with a capital letter.
BLOCK = re.compile(r"(# Kubernetes, if you want it:.*?\n)((?:#.*\n)+?)# End of the block\.\n")
CODE = re.compile(r"# ?((?:\[|\w+ *=|  |\}).*|)")


def uncomment(text: str) -> str:
    def open_block(found: re.Match[str]) -> str:
        lines = found[2].splitlines()
        codes = [CODE.fullmatch(line) for line in lines]
        return "".join(f"{code[1]}\n" if code else f"{line}\n" for code, line in zip(codes, lines, strict=True))

    changed, times = BLOCK.subn(open_block, text)
    assert times == 1
    return re.sub(r'(?m)^  # (?=")', "  ", changed)


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "shop", "--template", "platform"]) == 0
    for name in FILES:
        file = tmp_path / "shop" / name
        file.write_text(uncomment(file.read_text()))
    return tmp_path / "shop"


def test_platform_with_kubernetes_is_valid(platform: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--project", str(platform), "validate"]) == 0, capsys.readouterr().err


def test_parity_knows_what_differs_in_the_cluster(platform: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    told = []
    for name in ("staging", "prod"):
        assert run(["--project", str(platform), "--json", "settings", name]) == 0
        settings = json.loads(capsys.readouterr().out)["result"]["settings"]
        told.append({each["name"]: each["value"] for each in settings if each["origin"] not in ("artifact", "envctl")})
    differing = {name for name in told[0].keys() | told[1].keys() if told[0].get(name) != told[1].get(name)}
    may_differ = set(tomllib.loads((platform / "envctl.toml").read_text())["parity"]["may_differ"])
    assert differing <= may_differ <= told[0].keys() | told[1].keys()


def test_platform_with_kubernetes_renders_the_application(platform: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["--project", str(platform), "render", "prod"]) == 0
    assert "web-database" in capsys.readouterr().out
