"""An unpacked release never names anything outside of its folder, nor two things that are one."""

import io
import json
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import ConfigurationError
from envctl.domain.release.bundle import MANIFEST, File, Release, compute_identity, pack, unpack
from envctl.domain.release.manifest import DamagedBundleError
from envctl.domain.release.portable_paths import find_clash, find_folder_fault, find_path_fault
from envctl.domain.release.wiring import StackWiring, Wiring

WIRING = Wiring(
    project="shop",
    terraform=">= 1.10",
    stacks={"web": StackWiring(module="modules/web")},
    artifacts={},
    schema={"web": ()},
    outputs={"web": {}},
)
OUTSIDE = {
    "absolute": "/etc/passwd",
    "upwards": "../x",
    "upwards in the middle": "modules/../../x",
    "a backslash": "modules\\..\\x",
    "NUL": "modules/a\0.tf",
    "a line break": "modules/a\nb.tf",
    "a drive": "C:/x",
    "a drive alone": "c:x",
    "an empty part": "modules//x",
    "a dot": "modules/./x",
    "a slash at the end": "modules/x/",
    "nothing": "",
    "git": "modules/web/.git/config",
    "a file of git": "modules/web/.git",
    "git in capitals": "modules/web/.GIT/hooks/pre-commit",
    "terraform": "modules/web/.terraform/modules/modules.json",
    "too long": "modules/" + "a" * 256,
}
ORDINARY = ["a", "modules/web/main.tf", ".terraform.lock.hcl", "modules/web/.gitignore"]
ORDINARY += [".remote/x/main.tf", "größe/日本.tf"]


@pytest.mark.parametrize("path", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_path_that_leads_elsewhere_is_a_fault(path: str) -> None:
    assert find_path_fault(path)
    with pytest.raises(ConfigurationError, match="E481"):
        pack(Release(WIRING, {path: File(b"x")}))


@pytest.mark.parametrize("path", ORDINARY)
def test_ordinary_path_has_no_fault(path: str) -> None:
    assert find_path_fault(path) == ""
    bundle = pack(Release(WIRING, {path: File(b"x")}))
    assert unpack(bundle, compute_identity(bundle)).files == {path: File(b"x")}


@pytest.mark.parametrize(
    ("path", "fault"), [("modules/vpc/", False), ("./modules/vpc", False), ("/x", True), ("..", True), (".", True)]
)
def test_folder_may_be_spelt_as_project_spells_it(path: str, fault: bool) -> None:
    assert bool(find_folder_fault(path)) is fault


CLASHES = [
    ("modules/a.tf", "modules/A.tf"),
    ("modules/straße.tf", "modules/STRASSE.tf"),
    ("modules/\u00e9.tf", "modules/e\u0301.tf"),
    ("modules/a", "modules/a/b"),
    ("modules/a/b", "modules/A"),
    ("modules/a/b", "modules/A/c"),
]


@pytest.mark.parametrize("two", CLASHES)
def test_two_names_that_are_one_are_refused(two: tuple[str, str]) -> None:
    assert find_clash(two)
    with pytest.raises(ConfigurationError, match=r"E481 .* can't store both"):
        pack(Release(WIRING, dict.fromkeys(two, File(b"x"))))
    bundle = _by_hand(dict.fromkeys(two, b"x"))
    with pytest.raises(DamagedBundleError, match="can't both be stored"):
        unpack(bundle, compute_identity(bundle))


def _by_hand(files: dict[str, bytes], **manifest: object) -> bytes:
    """A bundle that nobody's `pack` has made."""
    with tarfile.open(fileobj=io.BytesIO(pack(Release(WIRING, {}))), mode="r:") as made:
        document = json.loads(made.extractfile(MANIFEST).read())  # type: ignore[union-attr]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in {**files, MANIFEST: json.dumps(document | manifest).encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


NAMES = ["../x", "/x", "a/b", "A", "", "web\0", "..", "web.", "w" * 33]
STACK = {"name": "web", "module": "modules/web", "inputs": {}}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", ["stack", "region", "after", "artifact", "schema", "outputs", "project"])
def test_names_of_manifest_obey_rule_of_project_file(where: str, name: str) -> None:
    if (where, name) in {("region", ""), ("artifact", "A"), ("artifact", "w" * 33)}:
        return
    manifest: dict[str, object] = {
        "stack": {"stacks": [STACK | {"name": name}]},
        "region": {"stacks": [STACK | {"region": name}]},
        "after": {"stacks": [STACK | {"after": [name]}]},
        "artifact": {"artifacts": {name: "x"}},
        "schema": {"schema": {name: []}},
        "outputs": {"outputs": {name: {}}},
        "project": {"project": name},
    }[where]  # type: ignore[assignment]
    bundle = _by_hand({}, **manifest)
    with pytest.raises(DamagedBundleError, match="is not a name"):
        unpack(bundle, compute_identity(bundle))


@pytest.mark.parametrize("name", ["absolute", "upwards", "a backslash", "NUL", "a drive", "git", "terraform"])
def test_modules_of_manifest_lie_inside(name: str) -> None:
    path = OUTSIDE[name]
    carried = {"key": "web.x", "source": "x", "version": "", "folder": path}
    for manifest in ({"stacks": [STACK | {"module": path}]}, {"format": 2, "modules": [carried]}):
        bundle = _by_hand({}, **manifest)
        with pytest.raises(DamagedBundleError):
            unpack(bundle, compute_identity(bundle))


parts = st.sampled_from(
    ["..", ".", "", "a", "A", "b", ".git", "C:", "a\\b", "..\\..", "\0", "é", "e\u0301", "~", "%2e%2e"]
)
paths = st.lists(parts, min_size=1, max_size=4).map("/".join) | st.text(max_size=12)


@given(st.lists(paths, max_size=4, unique=True))
def test_unpacked_release_never_names_anything_outside(names: list[str]) -> None:
    try:
        bundle = _by_hand(dict.fromkeys((name for name in names if name != MANIFEST), b"x"))
    except (UnicodeError, ValueError):
        return
    try:
        release = unpack(bundle, compute_identity(bundle))
    except DamagedBundleError:
        return
    with tempfile.TemporaryDirectory() as folder:
        top = (Path(folder) / "in").resolve()
        for name, file in release.files.items():
            laid = Path(top / name)
            laid.parent.mkdir(parents=True, exist_ok=True)
            assert laid.resolve().is_relative_to(top)
            assert not laid.exists()
            laid.write_bytes(file.data)
        assert [path.name for path in Path(folder).iterdir()] in ([], ["in"])
    assert all(PurePosixPath(name).parts == tuple(name.split("/")) for name in release.files)
