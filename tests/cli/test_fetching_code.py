"""Code is fetched as whoever runs envctl may, in the sandbox too."""

import os
from pathlib import Path

import pytest

from envctl.cli.options.global_options import Options
from envctl.cli.wiring.container import WiredPorts

THEIRS = {
    "HTTPS_PROXY": "http://proxy.example.com",
    "TF_CLI_CONFIG_FILE": "/home/ann/.terraformrc",
    "TF_TOKEN_app_terraform_io": "token",
    "GIT_SSH_COMMAND": "ssh -i key",
}


@pytest.mark.parametrize("sandbox", [True, False])
def test_with_their_proxy_and_their_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: bool) -> None:
    for name, value in THEIRS.items():
        monkeypatch.setenv(name, value)
    wired = WiredPorts(Options(project=tmp_path, sandbox=sandbox))
    # As the sandbox does for all that it starts.
    os.environ.clear()
    os.environ["HTTPS_PROXY"] = "http://127.0.0.1:1"
    environment = wired.remote_modules.build_environment()
    assert {name: environment[name] for name in THEIRS} == THEIRS


def test_nobody_is_asked_for_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = WiredPorts(Options(project=tmp_path)).remote_modules.build_environment()
    assert environment["GIT_TERMINAL_PROMPT"] == "0"
    monkeypatch.setenv("SSH_ASKPASS", "/usr/bin/ask")
    assert WiredPorts(Options(project=tmp_path)).remote_modules.build_environment()["SSH_ASKPASS"] == "/usr/bin/ask"
