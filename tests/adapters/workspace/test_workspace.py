"""Working directories: who may work there, what lies there, and what is remembered of it."""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.adapters.workspace import atomic
from envctl.adapters.workspace.workspace import OUTLINE_FILE, PREPARED_FILE, DirectoryWorkspace, require_idle
from envctl.domain.errors import LockHeldError, OperationFailedError
from envctl.domain.kubernetes.workload import ClusterReference, Workload
from envctl.domain.release.bundle import File
from envctl.domain.release.remote_modules import encode_module_record, to_record_entry
from envctl.domain.terraform import workdir_names
from envctl.domain.terraform.generated_files import GeneratedFiles
from envctl.domain.terraform.outputs import StackInput
from envctl.domain.terraform.workdir_names import UNSAVED_STATE, WORKLOAD_ROOT
from envctl.usecases.ports.aws import SecretReference
from envctl.usecases.ports.cost import CostSource
from envctl.usecases.ports.project import CheckOutline
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack, ValueSource

HOLDS = """
import sys, time
from pathlib import Path
from envctl.adapters.workspace.workspace import DirectoryWorkspace
with DirectoryWorkspace(Path("."), Path(sys.argv[1]), "").lock_environment("dev", "envctl apply dev by ann ä"):
    print("held", flush=True)
    time.sleep(30)
"""
MAIN = b'{"module": {}}'
COSTS = CostSource(("python3", "tools/cost.py"), 90.0, "111111111111", "ap-northeast-1", {"web": "eu-west-1"})
PREPARED_DEV = PreparedEnvironment(
    environment="dev",
    release="",
    settings="s" * 64,
    stacks=(PreparedStack("web", upstream=("network",), binary="tofu", plan_keys=("fancy",), warm=False),),
    costs=COSTS,
)
INPUTS = ("envctl.toml", "environments/dev/terraform.tfvars", "modules/web", ".terraform.lock.hcl")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("envctl.toml", "environments/dev/terraform.tfvars", "modules/web/main.tf", "modules/web/bin/run.sh"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"content of {name}")
    return tmp_path


@pytest.fixture
def workspace(project: Path) -> DirectoryWorkspace:
    return DirectoryWorkspace(project, project / ".envctl" / "work", "1.0")


@pytest.fixture
def code(project: Path) -> Path:
    return project / ".envctl" / "work" / "dev" / ".code"


def laid(workspace: DirectoryWorkspace, **files: str) -> None:
    workspace.write_code("dev", {name: File(content.encode()) for name, content in files.items()})


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_lock_names_its_holder_and_ends_with_process(workspace: DirectoryWorkspace, project: Path) -> None:
    command = [sys.executable, "-c", HOLDS, os.fspath(project / ".envctl" / "work")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(LockHeldError) as raised, workspace.lock_environment("dev", "me"):
            pass
        assert f"envctl apply dev by ann ä (process {other.pid}) is at work in dev" in raised.value.problems[0].message
        with workspace.lock_environment("staging", "me"):
            pass
        other.kill()
    with workspace.lock_environment("dev", "me"):
        pass


def test_holder_is_told_while_it_works(workspace: DirectoryWorkspace) -> None:
    assert workspace.find_holder("dev") == ""
    with workspace.lock_environment("dev", "envctl apply dev by ann"):
        assert workspace.find_holder("dev") == f"envctl apply dev by ann (process {os.getpid()})"
    assert workspace.find_holder("dev") == "", "the name of the last holder stays in the file"


def test_command_at_work_in_any_environment_is_found(workspace: DirectoryWorkspace) -> None:
    require_idle(workspace.root)
    with (
        workspace.lock_environment("dev", "envctl apply dev by ann"),
        pytest.raises(LockHeldError, match=r"E308 envctl apply dev by ann .* is at work in dev"),
    ):
        require_idle(workspace.root)
    require_idle(workspace.root)


def test_look_at_the_holder_stops_no_command(
    workspace: DirectoryWorkspace, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("envctl.adapters.workspace.workspace.PROBE_SECONDS", 2.0)
    with workspace.lock_environment("dev", "me"):
        pass
    lock = project / ".envctl" / "work" / "dev" / ".lock"
    held = os.open(lock, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_SH)
    threading.Timer(0.02, os.close, [held]).start()
    with workspace.lock_environment("dev", "the next one"):
        assert workspace.find_holder("dev").startswith("the next one")


def test_a_lock_is_given_back_after_a_fault(workspace: DirectoryWorkspace) -> None:
    with pytest.raises(ZeroDivisionError), workspace.lock_environment("dev", "a much longer name than the next one"):
        raise ZeroDivisionError
    with workspace.lock_environment("dev", "me"), pytest.raises(LockHeldError, match=r"^E308 me \(process"):  # noqa: SIM117
        with workspace.lock_environment("dev", "again"):
            pass


def test_code_is_written_with_its_modes(workspace: DirectoryWorkspace, code: Path) -> None:
    files = {"modules/web/main.tf": File(b"a"), "modules/web/run.sh": File(b"b", executable=True)}
    workspace.write_code("dev", files)
    assert {name: (code / name).read_bytes() for name in files} == {name: file.data for name, file in files.items()}
    assert [(code / name).stat().st_mode & 0o777 for name in files] == [0o644, 0o755]
    workspace.write_code("dev", {"modules/web/run.sh": File(b"b")})
    assert (code / "modules/web/run.sh").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("held", [b"", b"{", b"{}", b"[1]", b"null"])
def test_known_states_are_saved_and_malformed_ones_ignored(tmp_path: Path, held: bytes) -> None:
    workspace = DirectoryWorkspace(tmp_path, tmp_path / "work", "test")
    assert workspace.load_known_states("dev") == frozenset()
    (tmp_path / "work" / "dev").mkdir(parents=True)
    (tmp_path / "work" / "dev" / ".known-states.json").write_bytes(held)
    assert workspace.load_known_states("dev") == frozenset()
    workspace.save_known_states("dev", ["network", "web"])
    assert workspace.load_known_states("dev") == {"network", "web"}


def test_release_of_the_code_is_saved(workspace: DirectoryWorkspace, code: Path) -> None:
    assert workspace.load_code_release("dev") == ""
    laid(workspace, a="1")
    workspace.save_code_release("dev", "r1")
    assert (workspace.load_code_release("dev"), workspace.load_code_release("prod")) == ("r1", "")
    workspace.save_code_release("dev", "r2")
    assert workspace.load_code_release("dev") == "r2"
    code.with_name(".release").write_bytes(b"\xff")
    assert workspace.load_code_release("dev") == "\ufffd"


def test_an_unchanged_file_is_not_written_again(workspace: DirectoryWorkspace, code: Path) -> None:
    laid(workspace, a="1")
    before = (code / "a").stat()
    time.sleep(0.01)
    laid(workspace, a="1")
    # Reading it may well move the time of its last access.
    after = (code / "a").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_stale_files_and_empty_folders_go(workspace: DirectoryWorkspace, code: Path) -> None:
    laid(workspace, **{"modules/old/main.tf": "1", "modules/web/main.tf": "2", "modules/web/old.tf": "3"})
    (code / "modules/web/.main.tf.crashed").write_text("left by a crash")
    laid(workspace, **{"modules/web/main.tf": "2"})
    assert names(code) == {"modules", "modules/web", "modules/web/main.tf"}


def test_folder_and_file_may_replace_each_other(workspace: DirectoryWorkspace, code: Path) -> None:
    laid(workspace, **{"a/b": "1", "c": "2"})
    laid(workspace, **{"a": "3", "c/d": "4"})
    assert names(code) == {"a", "c", "c/d"}


def test_links_are_removed_and_never_followed(workspace: DirectoryWorkspace, code: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "main.tf").write_text("same")
    laid(workspace, **{"modules/a/main.tf": "same", "b": "same"})
    (code / "b").unlink()
    (code / "b").symlink_to(outside / "main.tf")
    (code / "modules/a/main.tf").unlink()
    (code / "modules/a").rmdir()
    (code / "modules/a").symlink_to(outside)
    (code / "modules/dangling").symlink_to("/gone")
    laid(workspace, **{"modules/a/main.tf": "same", "b": "same"})
    assert names(code) == {"modules", "modules/a", "modules/a/main.tf", "b"}
    assert not (code / "b").is_symlink()
    assert not (code / "modules/a").is_symlink()
    assert names(outside) == {"main.tf"}


def test_linked_code_folder_is_replaced(workspace: DirectoryWorkspace, code: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("kept")
    code.parent.mkdir(parents=True)
    code.symlink_to(outside)
    laid(workspace, a="1")
    assert names(outside) == {"precious"}
    assert names(code) == {"a"}


def prepared(workspace: DirectoryWorkspace) -> None:
    laid(workspace, **{"modules/web/main.tf": "x"})
    workspace.write_stack("dev", "web", MAIN)
    workspace.save_prepared(PREPARED_DEV, INPUTS, workspace.hash_inputs(INPUTS))


@pytest.mark.parametrize(
    "changed",
    [f"{workdir_names.CODE_FOLDER}/modules/web/main.tf", f"{workdir_names.CODE_FOLDER}/planted.sh", "web/main.tf.json"],
)
def test_layout_hash_changes_with_any_file(changed: str, workspace: DirectoryWorkspace, project: Path) -> None:
    prepared(workspace)
    before = workspace.hash_layout(PREPARED_DEV)
    assert workspace.hash_layout(PREPARED_DEV) == before
    (project / ".envctl" / "work" / "dev" / changed).write_text("something else")
    assert workspace.hash_layout(PREPARED_DEV) != before


def test_unchanged_preparation_is_reused(workspace: DirectoryWorkspace, project: Path) -> None:
    assert not workspace.has_prepared("dev")
    assert workspace.load_prepared("dev") is None
    prepared(workspace)
    assert workspace.has_prepared("dev")
    assert workspace.load_prepared("dev") == PREPARED_DEV
    again = DirectoryWorkspace(project, project / ".envctl" / "work", "1.0")
    assert again.load_prepared("dev") == PREPARED_DEV
    assert again.load_prepared("staging") is None


def _write(name: str, content: str = "changed") -> Callable[[Path], object]:
    return lambda project: (project / name).write_text(content)


def _loop(project: Path) -> None:
    (project / "envctl.toml").unlink()
    (project / "envctl.toml").symlink_to("envctl.toml")


WORK = ".envctl/work/dev"
CHANGES: dict[str, Callable[[Path], object]] = {
    "a file has other content": _write("envctl.toml"),
    "a file of a module folder has other content": _write("modules/web/main.tf"),
    "a module folder has a new file": _write("modules/web/new.tf", ""),
    "a module folder lacks a file": lambda project: (project / "modules/web/main.tf").unlink(),
    "a file of a module folder is executable now": lambda project: (project / "modules/web/main.tf").chmod(0o755),
    "a module folder is gone": lambda project: (project / "modules/web").rename(project / "modules/webb"),
    "a settings file is gone": lambda project: (project / INPUTS[1]).unlink(),
    "a file that was not there is": _write(".terraform.lock.hcl", ""),
    "a file is a link to itself now": _loop,
    "the root module has other content": _write(f"{WORK}/web/main.tf.json"),
    "the root module is gone": lambda project: (project / WORK / "web/main.tf.json").unlink(),
    "the code that was laid out has other content": _write(f"{WORK}/.code/modules/web/main.tf"),
    "the code that was laid out has one more file": _write(f"{WORK}/.code/modules/web/more.tf"),
    "what is remembered is no JSON": _write(f"{WORK}/{PREPARED_FILE}", "{"),
    "what is remembered is in the form of another version": _write(f"{WORK}/{PREPARED_FILE}", '{"stacks": [1]}'),
    "what is remembered is a list": _write(f"{WORK}/{PREPARED_FILE}", "[]"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_preparation_is_discarded_when(
    workspace: DirectoryWorkspace, project: Path, change: Callable[[Path], None]
) -> None:
    prepared(workspace)
    change(project)
    assert workspace.load_prepared("dev") is None


def test_preparation_of_another_envctl_version_is_discarded(workspace: DirectoryWorkspace, project: Path) -> None:
    prepared(workspace)
    assert DirectoryWorkspace(project, project / ".envctl" / "work", "1.1").load_prepared("dev") is None


def test_file_saved_during_preparation_invalidates_it(workspace: DirectoryWorkspace, project: Path) -> None:
    mark = workspace.hash_inputs(INPUTS)
    (project / "envctl.toml").write_text("saved while everything was being prepared")
    laid(workspace, **{"modules/web/main.tf": "x"})
    workspace.write_stack("dev", "web", MAIN)
    workspace.save_prepared(PREPARED_DEV, INPUTS, mark)
    assert workspace.load_prepared("dev") is None


def test_rewritten_stack_invalidates_the_preparation(workspace: DirectoryWorkspace) -> None:
    prepared(workspace)
    workspace.write_stack("dev", "web", MAIN)
    assert workspace.load_prepared("dev") is None


def test_preparation_with_secrets_is_not_saved(workspace: DirectoryWorkspace, project: Path) -> None:
    workspace.write_stack("dev", "web", MAIN)
    workspace.save_prepared(
        PreparedEnvironment(
            environment="dev", release="", settings="s", stacks=(PreparedStack("web", secrets={"password": "hunter2"}),)
        ),
        INPUTS,
        "",
    )
    assert not workspace.has_prepared("dev")
    assert all(b"hunter2" not in file.read_bytes() for file in project.rglob("*") if file.is_file())


def test_workload_is_kept_and_its_files_count(workspace: DirectoryWorkspace, project: Path) -> None:
    output = StackInput(variable="", type_text="string", stack="cluster", root="", workspace="", output="cluster_name")
    work = Workload(
        owner="shop-web",
        path="k8s/web",
        cluster=ClusterReference(output=output),
        namespace="shop",
        values={"host": "a"},
        managers=("cert-manager",),
    )
    kept = replace(PREPARED_DEV, stacks=(PreparedStack("web", upstream=("cluster",), inputs=(output,), workload=work),))
    workspace.write_tree("dev", "web", WORKLOAD_ROOT, {"k8s/web/web.yaml": File(b"kind: Service")}, GeneratedFiles())
    workspace.save_prepared(kept, INPUTS, workspace.hash_inputs(INPUTS))
    assert workspace.load_prepared("dev") == kept
    (project / ".envctl/work/dev/web/k8s/web/web.yaml").write_text("kind: Secret")
    assert workspace.load_prepared("dev") is None


def test_sources_of_values_are_kept(workspace: DirectoryWorkspace) -> None:
    secret = SecretReference("ssm", "/shop/token", "eu-west-1", "")
    found = (
        ValueSource("web", "password", "string", "DB_PASSWORD", "key", None),
        ValueSource("web", "token", "list(string)", "", "", secret),
    )
    kept = replace(
        PREPARED_DEV,
        value_sources=found,
        withheld=("DB_PASSWORD", "OTHER"),
        public_names=("dev", "web"),
        has_account=False,
    )
    laid(workspace, **{"modules/web/main.tf": "x"})
    workspace.write_stack("dev", "web", MAIN)
    workspace.save_prepared(kept, INPUTS, workspace.hash_inputs(INPUTS))
    assert workspace.load_prepared("dev") == kept


def test_provider_lock_is_read_from_the_stack_folder(workspace: DirectoryWorkspace, project: Path) -> None:
    assert workspace.read_provider_lock("dev", "web") is None
    workspace.write_stack("dev", "web", MAIN)
    (project / WORK / "web" / ".terraform.lock.hcl").write_bytes(b"locked")
    assert workspace.read_provider_lock("dev", "web") == b"locked"


def test_module_record_is_where_terraform_expects_it(workspace: DirectoryWorkspace, project: Path) -> None:
    assert workspace.read_module_record("dev", "web") is None
    workspace.write_module_record("dev", "web", b"")
    assert workspace.read_module_record("dev", "web") is None
    workspace.write_module_record("dev", "web", b"record")
    assert (project / WORK / "web" / ".terraform" / "modules" / "modules.json").read_bytes() == b"record"
    assert workspace.read_module_record("dev", "web") == b"record"


@pytest.mark.parametrize(("source", "stays"), [("git::https://example.com/x", False), ("../in", True)])
def test_record_of_remote_modules_ends_with_them(workspace: DirectoryWorkspace, source: str, *, stays: bool) -> None:
    """Beside such a record, init would look for no other module."""
    record = encode_module_record([to_record_entry("", "", "", "."), to_record_entry("web.x", source, "", "x")])
    workspace.write_module_record("dev", "web", record)
    workspace.write_module_record("dev", "web", b"")
    assert workspace.read_module_record("dev", "web") == (record if stays else None)


def test_missing_module_record_invalidates_the_preparation(workspace: DirectoryWorkspace, project: Path) -> None:
    workspace.write_module_record("dev", "web", b"record")
    prepared(workspace)
    assert workspace.load_prepared("dev") == PREPARED_DEV
    shutil.rmtree(project / WORK / "web" / ".terraform")
    assert workspace.load_prepared("dev") is None


def test_file_is_written_atomically_with_its_mode(tmp_path: Path) -> None:
    atomic.write_atomically(tmp_path / "a" / "b", b"one", mode=0o600)
    atomic.write_atomically(tmp_path / "a" / "b", b"two", mode=0o600)
    assert (tmp_path / "a" / "b").read_bytes() == b"two"
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == {"a", "a/b"}


def test_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OperationFailedError) as raised:
        atomic.write_atomically(tmp_path / "folder", b"x")
    (problem,) = raised.value.problems
    assert problem.code == "E406"
    assert str(tmp_path / "folder") in problem.message
    (tmp_path / "kept").write_bytes(b"old")
    with pytest.raises(TypeError):
        atomic.write_atomically(tmp_path / "kept", None)  # type: ignore[arg-type]
    assert (tmp_path / "kept").read_bytes() == b"old"
    assert names(tmp_path) == {"folder", "folder/inside", "kept"}


BLOCKED: dict[str, Callable[[DirectoryWorkspace], object]] = {
    "taking the lock": lambda workspace: workspace.lock_environment("dev", "me").__enter__(),
    "laying out code": lambda workspace: workspace.write_code("dev", {"a": File(b"1")}),
    "remembering": lambda workspace: workspace.save_prepared(PREPARED_DEV, (), ""),
}


@pytest.mark.parametrize("act", BLOCKED.values(), ids=BLOCKED.keys())
def test_unwritable_path_is_reported(
    workspace: DirectoryWorkspace, project: Path, act: Callable[[DirectoryWorkspace], object]
) -> None:
    (project / ".envctl").write_text("a file where a folder should be")
    with pytest.raises(OperationFailedError, match=r"E406 .*\.envctl.* can't be written"):
        act(workspace)


def test_unsaved_state_is_found_in_its_environment(workspace: DirectoryWorkspace, project: Path) -> None:
    assert not workspace.has_unsaved_state("dev")
    laid(workspace, **{"modules/web/main.tf": ""})
    workspace.write_stack("dev", "web", MAIN)
    assert not workspace.has_unsaved_state("dev")
    (project / ".envctl" / "work" / "dev" / "web" / UNSAVED_STATE).write_text("{}")
    assert (workspace.has_unsaved_state("dev"), workspace.has_unsaved_state("staging")) == (True, False)


OUTLINE = CheckOutline(("dev", "prod"), ("TOKEN",))


def test_outline_is_kept_for_its_project_file(tmp_path: Path) -> None:
    workspace = DirectoryWorkspace(tmp_path, tmp_path / "work", "")
    (tmp_path / "envctl.toml").write_text("one")
    workspace.save_check_outline(OUTLINE, workspace.hash_project())
    assert workspace.load_check_outline(workspace.hash_project()) == OUTLINE
    (tmp_path / "envctl.toml").write_text("another")
    assert workspace.load_check_outline(workspace.hash_project()) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"mark": 1}'])
def test_unusable_outline_counts_as_none(tmp_path: Path, text: str) -> None:
    workspace = DirectoryWorkspace(tmp_path, tmp_path, "")
    (tmp_path / OUTLINE_FILE).write_text(text)
    assert workspace.load_check_outline(workspace.hash_project()) is None


def test_outline_that_cannot_be_saved_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("a file, not a folder")
    DirectoryWorkspace(tmp_path, tmp_path / "work", "").save_check_outline(OUTLINE, "mark")
