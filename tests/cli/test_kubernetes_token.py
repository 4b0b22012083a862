"""The command that kubectl calls for a token, as the kubeconfig of `exec` names it."""

import base64
import json
import os
import subprocess
from pathlib import Path

from envctl.adapters.kubernetes.kubeconfig import Kubeconfigs
from envctl.cli.commands.inspect.exec import TOKEN_COMMAND

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden"}


def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true", **variables}
    return subprocess.run(
        [*TOKEN_COMMAND, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_token_is_printed_for_the_version_asked_for() -> None:
    info = json.dumps({"apiVersion": "client.authentication.k8s.io/v1beta1"})
    done = run("shop", "eu-west-1", KUBERNETES_EXEC_INFO=info, **KEYS)
    answer = json.loads(done.stdout)
    assert (answer["kind"], answer["apiVersion"]) == ("ExecCredential", "client.authentication.k8s.io/v1beta1")
    text = answer["status"]["token"].removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    assert url.startswith("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity")
    assert "x-k8s-aws-id" in url
    assert (done.returncode, done.stderr) == (0, "")


def test_missing_credentials_are_told_without_traceback() -> None:
    done = run("shop", "eu-west-1")
    assert done.returncode == 1
    assert done.stderr.startswith("E629 no token for the EKS cluster shop can be made (NoCredentialsError)")
    assert "Traceback" not in done.stderr


def test_folder_of_the_program_is_not_imported_from(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('imported')")
    done = subprocess.run([*TOKEN_COMMAND], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (64, "usage: CLUSTER REGION\n")


def test_kubeconfig_reader_of_envctl_takes_its_answer(tmp_path: Path) -> None:
    command, *arguments = [*TOKEN_COMMAND, "shop", "eu-west-1"]
    entry = {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "args": arguments}
    found = {
        "clusters": [{"name": "shop", "cluster": {"server": "https://kube.example"}}],
        "users": [{"name": "shop", "user": {"exec": {**entry, "interactiveMode": "Never"}}}],
        "contexts": [{"name": "shop", "context": {"cluster": "shop", "user": "shop"}}],
    }
    (tmp_path / "config").write_text(json.dumps(found))
    environment = {"PATH": os.environ["PATH"], "KUBECONFIG": str(tmp_path / "config"), **KEYS}
    headers = Kubeconfigs(environment).find_context("shop").headers()
    assert headers["Authorization"].startswith("Bearer k8s-aws-v1.")
