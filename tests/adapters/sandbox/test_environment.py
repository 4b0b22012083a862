"""Nothing of the user's own account reaches a child in the sandbox."""

from pathlib import Path

import pytest

from envctl.adapters.sandbox.environment import build_server_environment
from envctl.adapters.sandbox.lifecycle import RunningSandbox

RUNNING = RunningSandbox(1, "http://127.0.0.1:9", Path("/p/ca.pem"), "http://127.0.0.1:9", "", Path("/p/terraform.rc"))


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_SESSION_TOKEN",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_SECRET_ACCESS_KEY",
        "KUBECONFIG",
        "KUBE_CONFIG_PATH",
        "KUBERNETES_SERVICE_HOST",
        "HTTPS_PROXY",
        "all_proxy",
        "NO_PROXY",
        "TF_CLI_CONFIG_FILE",
        "TF_REATTACH_PROVIDERS",
    ],
)
def test_real_account_variable_is_removed(name: str) -> None:
    assert "real" not in RUNNING.build_environment({name: "real"}).values()


def test_everything_else_is_inherited() -> None:
    inherited = {"PATH": "/nowhere", "HOME": "/home/me", "TF_LOG": "debug"}
    assert inherited.items() <= RUNNING.build_environment(inherited).items()


def test_terraform_gets_proxy_authority_and_mirror() -> None:
    child = RUNNING.build_child_variables()
    assert child["HTTPS_PROXY"] == child["https_proxy"] == "http://127.0.0.1:9"
    assert (child["AWS_CA_BUNDLE"], child["TF_CLI_CONFIG_FILE"]) == ("/p/ca.pem", "/p/terraform.rc")
    assert not any("amazonaws" in host or host.endswith("aws") for host in child["NO_PROXY"].split(","))


def test_server_environment_has_no_aws_or_moto_settings() -> None:
    server = build_server_environment(
        {"AWS_PROFILE": "real", "MOTO_IAM_LOAD_MANAGED_POLICIES": "false", "HTTPS_PROXY": "x", "A": "1"}
    )
    assert server == {"A": "1", "AWS_EC2_METADATA_DISABLED": "true", "PYTHONUNBUFFERED": "1"}
