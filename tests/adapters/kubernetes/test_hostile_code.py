"""Code that parsers read differently, that leads out of its place, or that holds values where nobody looks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from envctl.adapters.kubernetes.rendering.code_reader import find_secrets, read_references
from envctl.adapters.kubernetes.rendering.yaml_documents import read_documents
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.kubernetes.workload import ClusterReference, Workload
from envctl.domain.release.bundle import File
from tests.adapters.kubernetes.test_rendering import render

WORKLOAD = Workload(owner="shop.web", path="k", cluster=ClusterReference("c"), namespace="shop", name="web")
OBJECT = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: y}}\n"
SECRET = "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: planted-value}}\n"
TOP_KEYS = (
    *("resources", "bases", "components", "crds", "configurations", "generators", "transformers", "validators"),
    *("patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "openapi", "helmCharts"),
    *("configMapGenerator", "secretGenerator"),
)
INNER_KEYS = {
    "patches": ("path", "patch", "target"),
    "replacements": ("path",),
    "configMapGenerator": ("files", "envs", "env", "literals", "name"),
    "secretGenerator": ("files", "envs", "env", "literals", "name"),
}


def refuse(files: Mapping[str, str], workload: Workload = WORKLOAD) -> Sequence[Problem]:
    with pytest.raises(ConfigurationError) as error:
        render(files, workload, {})
    return error.value.problems


@pytest.mark.parametrize("spell", [str.upper, str.title], ids=["upper", "title"])
@pytest.mark.parametrize("key", [*TOP_KEYS, *((top, key) for top, keys in INNER_KEYS.items() for key in keys)], ids=str)
def test_key_in_another_case_is_refused(key: str | tuple[str, str], spell: "type[str]") -> None:
    """kustomize does not mind the case of a key: what envctl looks for would stand under another name."""
    top, inner = (key, "") if isinstance(key, str) else key
    code = {top: [{spell(inner): "x"}]} if inner else {spell(top): ["https://example.com/x.yaml"]}
    files = {"k/kustomization.yaml": File(json.dumps(code).encode())}
    found = read_references(files, "k", allows_secrets=True)
    shown = spell(inner or top)
    assert [
        f"{shown} as {inner or top}" in each.message for each in found.problems if "kustomize reads" in each.message
    ]


def test_other_case_never_reaches_kustomize() -> None:
    (problem,) = refuse({"k/kustomization.yaml": "RESOURCES: ['https://example.com/x.yaml']\n"})
    assert (problem.code, str(problem.location)) == ("E602", "k/kustomization.yaml:1")


@pytest.mark.parametrize(
    "metadata",
    [
        {"name": "../../secrets/s"},
        {"name": ".."},
        {"name": "a%2Fb"},
        {"name": "a?fieldManager=x"},
        {"name": "a\x1b[31m"},
        {"name": "a\nb"},
        {"name": "a", "namespace": "../kube-system"},
    ],
    ids=str,
)
def test_name_that_leads_elsewhere_is_refused(metadata: Mapping[str, str]) -> None:
    (problem,) = refuse({"k/a.yaml": json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})})
    assert problem.code == "E609"
    assert "\x1b" not in problem.message


@pytest.mark.parametrize("name", ["system:web", "v1beta1.metrics.k8s.io", "Web_1", "a@b", "web~1"])
def test_name_that_some_kind_allows_passes(name: str) -> None:
    text = json.dumps({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}})
    assert render({"k/a.yaml": text}, WORKLOAD, {}).objects[0]["metadata"]["name"] == name


def test_aliases_are_counted_as_they_are_written_out() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    with pytest.raises(ConfigurationError, match="aliases stand for more than"):
        read_documents("\n".join(lines).encode(), "k/a.yaml")


def test_alias_within_its_own_anchor_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="aliases"):
        read_documents(b"a: &a {b: *a}\n", "k/a.yaml")


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        SECRET.replace("stringData: {password: planted-value}", "data: {password: cGxhbnRlZC12YWx1ZQ==}"),
        f"apiVersion: v1\nkind: List\nitems:\n- {SECRET}",
        f"apiVersion: v1\nkind: SecretList\nitems:\n- {SECRET}",
        f"{OBJECT}---\n{SECRET}",
        "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: s}\nliterals: [password=planted-value]\n",
        "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: s}\nenvs: [secret.env]\n",
    ],
    ids=["text", "data", "a list", "a list of Secrets", "a second document", "a generator", "a generator of a file"],
)
def test_secret_is_found_where_no_environment_reads_it(text: str) -> None:
    found = find_secrets({"k/prod/unread.yaml": File(text.encode())})
    assert [each.code for each in found] == ["E610"]
    assert "planted-value" not in found[0].message


@pytest.mark.parametrize("text", [OBJECT, "{apiVersion: v1, kind: Secret, metadata: {name: s}}", "kind: Secret: x", ""])
def test_code_without_values_is_no_secret(text: str) -> None:
    assert find_secrets({"k/a.yaml": File(text.encode())}) == ()


@pytest.mark.parametrize(
    "code",
    [
        "patches: [{target: {kind: Secret}, patch: '[{op: add, path: /x, value: {p: planted-value}}]'}]\n",
        "secretGenerator: [{name: s, literals: [planted-value]}]\n",
        "patches: [{patch: 'planted-value: ['}]\n",
    ],
    ids=["a patch", "a literal", "a patch that is not YAML"],
)
def test_failure_of_kustomize_quotes_no_values(code: str) -> None:
    files = {"k/kustomization.yaml": f"resources: [a.yaml]\n{code}", "k/a.yaml": SECRET}
    for problem in refuse(files, replace(WORKLOAD, allows_secrets=True)):
        assert problem.code == "E606"
        assert "planted-value" not in problem.message
