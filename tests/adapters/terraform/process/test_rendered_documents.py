"""The role of a backend gets the session name of the run, as far as envctl chose the name."""

import json
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.process.rendered_documents import name_backend_session
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE
from envctl.usecases.ports.terraform import PreparedStack

ROLE = {"role_arn": "arn:aws:iam::111111111111:role/deployer", "session_name": "envctl", "tags": {"team": "web"}}
NAMED = {**ROLE, "session_name": "envctl-42.1-ann"}


@pytest.mark.parametrize(
    ("backend", "session", "expected"),
    [
        pytest.param({"s3": {"assume_role": ROLE}}, "envctl-42.1-ann", NAMED, id="a role that envctl names"),
        pytest.param({"s3": {"assume_role": ROLE}}, "", None, id="a command without a name"),
        pytest.param({"s3": {"assume_role": {**ROLE, "session_name": "own"}}}, "x", None, id="a name of the project"),
        pytest.param({"s3": {"assume_role": {"role_arn": "x"}}}, "x", None, id="a role without a name"),
        pytest.param({"s3": {"bucket": "states"}}, "x", None, id="no role"),
        pytest.param({"local": {"path": "x"}}, "x", None, id="no states on AWS"),
    ],
)
def test_backend_takes_session_of_run(
    backend: dict[str, Any], session: str, expected: dict[str, Any] | None, tmp_path: Path
) -> None:
    (tmp_path / ROOT_MODULE_FILE).write_text(json.dumps({"terraform": {"backend": backend}}))
    found = name_backend_session(Site("dev", PreparedStack("web"), tmp_path), session)
    assert (json.loads(found) if found else None) == expected
