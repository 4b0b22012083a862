"""kubectl and helm that are too old are named with their version, and with the one that is needed."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.adapters.kubernetes.rendering.tools import HELM, KUBECTL, read_versions
from envctl.domain.errors import ConfigurationError, Problem
from tests.adapters.kubernetes.test_rendering import CHART, CHART_WORKLOAD, FOLDER, WORKLOAD, pack_chart, refuse

Install = Callable[[str, str, str], Path]
KUBECTL_1_27 = json.dumps({"clientVersion": {"gitVersion": "v1.27.0"}, "kustomizeVersion": "v5.0.1"})


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a tool that answers with its version, and fails at all else with the given words."""

    def write_tool(name: str, version: str, failure: str) -> Path:
        tool = tmp_path / name
        tool.write_text(f"#!/bin/sh\n[ \"$1\" = version ] && echo '{version}' && exit\necho '{failure}' >&2; exit 1\n")
        tool.chmod(0o755)
        monkeypatch.setenv(f"ENVCTL_{name.upper()}", str(tool))
        return tool

    return write_tool


def refuse_versions(*, with_helm: bool) -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        read_versions(with_helm=with_helm)
    (problem,) = caught.value.problems
    return problem


OLD_KUBECTLS = {
    "kustomize of before 5": ({"clientVersion": {"gitVersion": "v1.26.9"}, "kustomizeVersion": "v4.5.7"}, "1.26"),
    "kubectl that names no kustomize": ({"clientVersion": {"gitVersion": "v1.21.1-eks"}}, "1.21"),
    "kubectl that names no version": ({}, "of an unknown version"),
}


@pytest.mark.parametrize(("answer", "version"), OLD_KUBECTLS.values(), ids=OLD_KUBECTLS)
def test_old_kubectl_is_named_with_needed_version(install: Install, answer: dict[str, object], version: str) -> None:
    path = install(KUBECTL, json.dumps(answer), "")
    problem = refuse_versions(with_helm=False)
    assert problem.code == "E605"
    assert problem.message == f"envctl needs kubectl 1.27 or newer: kubectl {version} is installed ({path})"
    assert "ENVCTL_KUBECTL" in problem.hint
    assert "envctl doctor" in problem.hint


@pytest.mark.parametrize("version", ["3.5", "2.17"])
def test_old_helm_is_named_with_needed_version(install: Install, version: str) -> None:
    install(KUBECTL, KUBECTL_1_27, "")
    path = install(HELM, f"v{version}.1", "")
    problem = refuse_versions(with_helm=True)
    assert problem.code == "E605"
    assert problem.message == f"envctl needs helm 3.6 or newer: helm {version} is installed ({path})"


@pytest.mark.parametrize("version", ["v3.6.0", "v4.1.1"])
def test_needed_versions_are_enough(install: Install, version: str) -> None:
    install(KUBECTL, KUBECTL_1_27, "")
    install(HELM, version, "")
    assert read_versions(with_helm=True) == {"kustomize": "5.0", "helm": version[1:4]}


def test_failure_of_another_kustomize_names_that_of_the_release(install: Install) -> None:
    install(KUBECTL, KUBECTL_1_27, 'unknown field "later"')
    (problem,) = refuse(FOLDER, replace(WORKLOAD, tools={"kustomize": "5.8"}))
    assert problem.code == "E606"
    assert "; kustomize is 5.0 here, and was 5.8 when the release was made" in problem.hint


def test_failure_of_another_helm_names_that_of_the_release(install: Install) -> None:
    install(KUBECTL, KUBECTL_1_27, "")
    install(HELM, "v3.6.0", 'function "later" not defined')
    (problem,) = refuse(pack_chart(CHART), replace(CHART_WORKLOAD, tools={"helm": "3.18"}), {})
    assert "; helm is 3.6 here, and was 3.18 when the release was made" in problem.hint


def test_failure_of_the_same_kustomize_names_no_other(install: Install) -> None:
    install(KUBECTL, KUBECTL_1_27, "broken")
    (problem,) = refuse(FOLDER, replace(WORKLOAD, tools={"kustomize": "5.0"}))
    assert "when the release was made" not in problem.hint
