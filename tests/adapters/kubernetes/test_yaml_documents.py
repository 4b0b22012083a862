"""YAML as Kubernetes reads it, and as every parser reads it."""

import json
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from envctl.adapters.kubernetes.rendering.yaml_documents import format_documents, read_documents
from envctl.domain.errors import ConfigurationError
from tests.programs import SYSTEM_PATH

ODD = [
    "yes", "no", "on", "off", "y", "n", "12:30", "2020-01-01", "2020-01-01T10:00:00Z", "1e3", "1e+06", "1.5", "0777",
    "=", "08", "1_000", "0x1F", "0o17", "~", "", "null", "Null", "true", "True", ".5", "-7", "+7", "1.", "infinity",
    "<<x", "!x",
]  # fmt: skip
texts = st.one_of(st.text(max_size=12), st.sampled_from(ODD))
values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False), texts
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)


@given(values)
def test_formatted_value_is_read_back(value: object) -> None:
    (document,) = read_documents(format_documents([{"a": value}]).encode(), "x")
    assert document.value == {"a": value}


@given(texts)
def test_formatted_text_is_a_text_for_old_readers(text: str) -> None:
    assert yaml.safe_load(format_documents([{"a": text}])) == {"a": text}


@pytest.mark.parametrize("plain", [each for each in ODD if each not in ("!x", "infinity")])
def test_plain_scalar_means_what_kubectl_reads(plain: str, tmp_path: Path) -> None:
    kubectl = Path(sysconfig.get_path("scripts"), "kubectl")
    text = f"apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: a}}\nspec:\n  value: {plain}\n"
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]\n")
    environment = {"PATH": SYSTEM_PATH, "HOME": str(tmp_path)}
    built = subprocess.run(
        [kubectl, "kustomize", tmp_path], capture_output=True, check=True, env=environment, timeout=30
    )
    (tmp_path / "built.yaml").write_bytes(built.stdout)
    words = ["label", "--local", "--dry-run=client", "-o", "json", "-f", str(tmp_path / "built.yaml"), "a=b"]
    asked = subprocess.run([kubectl, *words], capture_output=True, check=True, env=environment, timeout=30)
    (document,) = read_documents(built.stdout, "x")
    assert document.value["spec"].get("value") == json.loads(asked.stdout)["spec"].get("value")


def test_lines_of_keys_are_known() -> None:
    (document,) = read_documents(b"a: 1\nb:\n  - c: 2\n    d: 3\n", "x.yaml")
    assert str(document.locate(("b", 0, "d"))) == "x.yaml:4"
    assert str(document.locate(("b", 0, "other"))) == "x.yaml:3"


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"a: 1\na: 2\n", 2, "the key a comes twice"),
        (b"a: [1\nb: 2\n", 2, "invalid YAML"),
        (b"a: !!python/object:os.system {}\n", 1, "invalid YAML"),
        (b"\xff\xfe\xfd", None, "not text in UTF-8"),
        (b"a: \x01", None, "invalid YAML"),
        (b"[" * 5000, None, "invalid YAML"),
    ],
    ids=["a doubled key", "a cut list", "a Python object", "other bytes", "a control character", "endless brackets"],
)
def test_invalid_yaml_has_its_line(data: bytes, line: int | None, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_documents(data, "x.yaml")
    (problem,) = caught.value.problems
    assert problem.code == "E611"
    assert words in problem.message
    assert problem.location is not None
    if line:
        assert problem.location.line == line
