"""What the settings of the templates say: staging has the shape of prod, and parity holds it there."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from envctl.cli.entry import run
from envctl.domain.scaffold.templates import TEMPLATES
from tests.scaffold import create_project

# What makes a shape; the rest are sizes, prices, addresses, and how long things are kept.
SHAPE = ("az_count", "nat", "multi_az", "deletion_protection", "architecture", "kubernetes_version")


def settings(environment: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert run(["--json", "settings", environment]) == 0
    told = json.loads(capsys.readouterr().out)["result"]["settings"]
    return {each["name"]: each["value"] for each in told if each["origin"] not in ("artifact", "envctl")}


@pytest.mark.parametrize("template", TEMPLATES)
def test_parity_keeps_the_shape_of_staging_and_prod(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = create_project(tmp_path, template)
    monkeypatch.chdir(root)
    staging, prod = settings("staging", capsys), settings("prod", capsys)
    may_differ = tomllib.loads((root / "envctl.toml").read_text()).get("parity", {}).get("may_differ")
    if may_differ is None:
        return
    assert {name for name in {*staging, *prod} if staging.get(name) != prod.get(name)} <= set(may_differ)
    assert set(may_differ) <= {*staging, *prod}, "a name that is no setting holds nothing open"
    assert not set(SHAPE) & set(may_differ)
    assert {name: staging.get(name) for name in SHAPE} == {name: prod.get(name) for name in SHAPE}


def test_dev_is_cheaper_and_less_protected_than_prod(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(create_project(tmp_path, "platform"))
    dev, prod = settings("dev", capsys), settings("prod", capsys)
    assert dev["sleep"]
    assert prod["sleep"] is None
    assert (dev["spot_percent"], prod["spot_percent"]) == (100, 0)
    assert (dev["fargate_weight"], prod["fargate_spot_weight"]) == (0, 0)
    assert (dev["deletion_protection"], prod["deletion_protection"]) == (False, True)
    assert (dev["vault_lock"], prod["vault_lock"], prod["replicate"]) == (False, True, True)
    assert dev["monthly_budget_usd"] < prod["monthly_budget_usd"]
