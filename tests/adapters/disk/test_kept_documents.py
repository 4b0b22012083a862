"""A file that envctl keeps for itself is understood as a whole, or counts as missing."""

import ast
from pathlib import Path

import pytest

from envctl.adapters.disk.kept_documents import open_sealed, read_document, seal_document

SOURCE = Path(__file__).parents[3] / "src" / "envctl"
# Not kept by envctl: each tells what is wrong with the file, or what it has is written at each command.
OTHERS = {
    "adapters/disk/emulator_package.py",
    "adapters/registry/login.py",
    "adapters/terraform/process/rendered_documents.py",
    "adapters/terraform/init/provider_install.py",
    "adapters/terraform/diagnostics/resource_lines.py",
    "adapters/terraform/forecast.py",
}


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"{", b"null", b"[]", b'"a"', b'{"a": null}', b'{"a": [1]}', b"[" * 100_000, b'{"a": 1e999}'],
    ids=["empty", "no text", "cut", "null", "list", "text", "null inside", "short list", "deep", "too large"],
)
def test_damaged_document_counts_as_missing(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    file.write_bytes(data)

    def build(document: dict[str, tuple[float, str]]) -> dict[str, int]:
        return {name: int(number) + len(text) for name, (number, text) in document.items()}

    assert read_document(file, build, {"other": 1}) == ({"other": 1})


def test_folder_in_its_place_counts_as_missing(tmp_path: Path) -> None:
    assert read_document(tmp_path, dict, None) is None
    assert read_document(tmp_path / "missing", dict, None) is None


def test_sealed_document_is_read_back_unchanged(tmp_path: Path) -> None:
    document = {"names": ["a", "ü\ud800"], "number": 1.5, "none": None}
    file = tmp_path / "sealed.json"
    file.write_bytes(seal_document(document))
    assert read_document(file, open_sealed, dict[str, object]()) == document
    file.write_bytes(file.read_bytes().replace(b"1.5", b"2.5"))
    assert read_document(file, open_sealed, dict[str, object]()) == {}


def test_no_other_reader_opens_kept_files() -> None:
    """Each reader of its own would forget some kind of damage: a command must never fail by it."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "json.loads" and "read_" in ast.unparse(node):
                found.add(path.relative_to(SOURCE).as_posix())
    assert found == OTHERS | {"adapters/disk/kept_documents.py"}
