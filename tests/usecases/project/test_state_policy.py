"""The policy of docs/state.md for one bucket for all accounts, against what its configuration renders."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.toml import load_project
from envctl.domain.release.place.environment_place import resolve_place
from tests.iam.conditions import matches_pattern

PAGE = (Path(__file__).parents[3] / "docs" / "state.md").read_text()
SECTION = PAGE.split("## One bucket for all accounts")[1].split("\n## ")[0]
STATE, POLICY = (re.findall(rf"```{kind}\n(.*?)```", SECTION, re.DOTALL)[0] for kind in ("toml", "json"))
PROJECT = """
[project]
name = "shop"
[pipeline]
order = ["dev", "prod"]
[environments.dev]
account_id = "111111111111"
region = "eu-central-1"
assume_role = "arn:aws:iam::111111111111:role/envctl-deployer"
[environments.prod]
account_id = "333333333333"
region = "eu-central-1"
assume_role = "arn:aws:iam::333333333333:role/envctl-deployer"
[stacks.web]
module = "modules/web"
"""


def is_allowed(action: str, resource: str) -> bool:
    statements: list[dict[str, Any]] = json.loads(POLICY)["Statement"]
    return any(
        action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
        and matches_pattern(each["Resource"], resource)
        for each in statements
    )


@pytest.mark.parametrize(("environment", "expected"), [("dev", True), ("prod", False)])
def test_role_reaches_the_states_of_its_environment(environment: str, expected: bool) -> None:
    backend = resolve_place(load_project((PROJECT + STATE).encode()), environment).backend
    keys = backend.settings_for_stack("web")
    state = f"arn:aws:s3:::{keys['bucket']}/{keys['key']}"
    for action in ("s3:GetObject", "s3:PutObject"):
        for resource in (state, f"{state}.tflock"):
            assert is_allowed(action, resource) is expected
    assert is_allowed("s3:DeleteObject", f"{state}.tflock") is expected
    assert not is_allowed("s3:DeleteObject", state)
    assert is_allowed("s3:ListBucket", f"arn:aws:s3:::{keys['bucket']}")
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        assert is_allowed(action, str(keys["kms_key_id"]))
