"""The commit of the working tree, and whether what a release is made of differs from it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from envctl.adapters.local.git import Git
from envctl.adapters.local.git_commands import run_git
from envctl.adapters.workspace.tree import ProjectTree
from envctl.domain.release.commit_message import CommitMessage
from envctl.usecases.ports.project import Revision

PATHS = ("envctl.toml", "environments/dev/terraform.tfvars", "modules/web")


BOT = "29139614+renovate[bot]@users.noreply.github.com"


def git(project: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=project, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("HOME", "XDG_CONFIG_HOME", "GIT_CEILING_DIRECTORIES"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    folder = tmp_path / "repository" / "shop"
    for name in ("envctl.toml", "environments/dev/terraform.tfvars", "modules/web/main.tf", "README.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / ".gitignore").write_text("*.log\n")
    return folder


@pytest.fixture
def committed(project: Path) -> Path:
    git(project, "init", "-q", "..")
    git(project, "config", "user.email", "ann@example.com")
    git(project, "config", "user.name", "Ann")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "first")
    return project


def _write(name: str) -> Callable[[Path], object]:
    return lambda project: (project / name).write_text("changed")


def _staged(project: Path) -> None:
    _write("modules/web/main.tf")(project)
    git(project, "add", ".")


def _show_no_untracked(project: Path) -> None:
    git(project, "config", "status.showUntrackedFiles", "no")
    _write("modules/web/new.tf")(project)


STATES: dict[str, tuple[Callable[[Path], object], bool]] = {
    "a tree as it was committed": (lambda project: None, False),
    "a changed file": (_write("modules/web/main.tf"), True),
    "a changed file that is staged": (_staged, True),
    "a new file": (_write("modules/web/new.tf"), True),
    "a new file where git is told to show none": (_show_no_untracked, True),
    "a file that is gone": (lambda project: (project / "modules/web/main.tf").unlink(), True),
    "a settings file that is gone": (lambda project: (project / PATHS[1]).unlink(), True),
    "a changed file outside of the paths": (_write("README.md"), False),
    "a new file outside of the paths": (_write("notes.txt"), False),
    "a file that git ignores": (_write("modules/web/debug.log"), True),
}


def _read(project: Path) -> Revision:
    files = ProjectTree(project).read_folder("modules/web")
    return Git(project).read_revision(PATHS, files or {})


@pytest.mark.parametrize(("change", "uncommitted"), STATES.values(), ids=STATES.keys())
def test_revision_and_uncommitted_changes_are_read(
    committed: Path, change: Callable[[Path], object], uncommitted: bool
) -> None:
    change(committed)
    head = git(committed, "rev-parse", "HEAD")
    found = _read(committed)
    assert (found.commit, found.author, found.uncommitted) == (head, "ann@example.com", uncommitted)
    assert bool(found.differences) == uncommitted


def test_path_that_never_existed_is_no_change(committed: Path) -> None:
    assert not Git(committed).read_revision((*PATHS, "modules/never")).uncommitted


def test_no_commit_outside_of_a_repository(project: Path) -> None:
    assert Git(project).read_revision(PATHS) == Revision("", "", uncommitted=True)


def test_repository_without_commit_has_no_revision(project: Path) -> None:
    git(project, "init", "-q", ".")
    assert Git(project).read_revision(PATHS) == Revision("", "", uncommitted=True)


def test_missing_git_gives_no_revision(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert Git(committed).read_revision(PATHS) == Revision("", "", uncommitted=True)


def test_change_behind_a_linked_folder_is_uncommitted(tmp_path: Path) -> None:
    for name in ("modules/web", "shared"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "shared/a.json").write_text("1")
    (tmp_path / "modules/web/policies").symlink_to("../../shared")
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=ann", "-c", "user.email=ann@example.com", "commit", "-q", "-m", "one"],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    assert not _read(tmp_path).uncommitted
    (tmp_path / "shared/a.json").write_text("2")
    assert _read(tmp_path).differences == ("modules/web/policies/a.json (changed)",)
    (tmp_path / "shared/a.json").write_text("1")
    (tmp_path / "modules/web/policies").unlink()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/b.json").write_text("1")
    (tmp_path / "modules/web/policies").symlink_to("../../other")
    assert "modules/web/policies/b.json (not in the commit)" in _read(tmp_path).differences


def test_an_author_in_another_encoding_is_an_author(committed: Path) -> None:
    subprocess.run(["git", "config", "user.email", b"caf\xe9@example.com"], cwd=committed, check=True)
    assert run_git(committed, "config", "user.email") == "caf\ufffd@example.com"


def _commit(project: Path, author: str, message: str = "more", *more: str) -> str:
    address = f"{author} <{author}@example.com>"
    git(project, "commit", "-q", "--allow-empty", f"--author={address}", "-m", message, *more)
    return git(project, "rev-parse", "HEAD")


def _head(project: Path) -> str:
    return git(project, "rev-parse", "HEAD")


def _clone(project: Path, to: Path, depth: int) -> Git:
    top = git(project, "rev-parse", "--show-toplevel")
    git(to, "clone", "-q", f"--depth={depth}", f"file://{top}", f"shallow{depth}")
    return Git(to / f"shallow{depth}" / "shop")


def test_contributors_since_previous_release_are_listed(committed: Path) -> None:
    first = _head(committed)
    _commit(committed, "bob")
    _commit(
        committed, "cat", "more\n\nCo-authored-by: Dan <7+dan@users.noreply.github.com>\nco-authored-by: eve@x.org\n"
    )
    assert Git(committed).list_contributors(first, _head(committed)) == (
        "cat@example.com",
        "ann@example.com",
        "7+dan@users.noreply.github.com",
        "eve@x.org",
        "bob@example.com",
    )
    last = Git(committed).list_contributors(f"{_head(committed)}^1", "")
    assert last and last[:2] == ("cat@example.com", "ann@example.com")


def test_squashed_commits_keep_their_authors(committed: Path) -> None:
    """With the text that `git merge --squash` proposes."""
    first, main = _head(committed), git(committed, "branch", "--show-current")
    git(committed, "switch", "-q", "-c", "feature")
    (committed / "README.md").write_text("changed")
    git(committed, "add", ".")
    _commit(committed, "octocat", "mine\n\nCo-authored-by: Dan <dan@example.com>")
    git(committed, "switch", "-q", main)
    git(committed, "merge", "-q", "--squash", "feature")
    git(committed, "commit", "-q", "--no-edit")
    assert set(Git(committed).list_contributors(first, _head(committed)) or ()) == {
        "ann@example.com",
        "octocat@example.com",
        "dan@example.com",
    }


def test_rewritten_commits_are_new(committed: Path) -> None:
    """The commit that is gone is there still, or not: then all who are known count."""
    _commit(committed, "bob")
    amended = _head(committed)
    git(committed, "commit", "-q", "--amend", "--allow-empty", "-m", "else", "--author=Cat <cat@example.com>")
    assert Git(committed).list_contributors(amended, _head(committed)) == ("cat@example.com", "ann@example.com")
    assert set(Git(committed).list_contributors("0" * 40, "") or ()) == {"cat@example.com", "ann@example.com"}


def test_rebased_commits_keep_their_authors(committed: Path) -> None:
    """Who rebases is their committer from then on."""
    main, first = git(committed, "branch", "--show-current"), _head(committed)
    git(committed, "switch", "-q", "-c", "feature")
    _commit(committed, "octocat")
    git(committed, "switch", "-q", main)
    _commit(committed, "bob")
    git(committed, "switch", "-q", "feature")
    git(committed, "-c", "user.email=cat@example.com", "rebase", "-q", main)
    found = set(Git(committed).list_contributors(first, _head(committed)) or ())
    assert {"octocat@example.com", "cat@example.com", "bob@example.com"} <= found


def test_forge_that_merges_is_listed_as_it_is(committed: Path) -> None:
    """A merge queue and a bot. Whether they are people is for the guards to say."""
    main, first = git(committed, "branch", "--show-current"), _head(committed)
    git(committed, "switch", "-q", "-c", "feature")
    git(committed, "commit", "-q", "--allow-empty", "-m", "x", f"--author=renovate <{BOT}>")
    git(committed, "switch", "-q", main)
    forge = ("-c", "user.name=GitHub", "-c", "user.email=noreply@github.com")
    git(committed, *forge, "merge", "-q", "--no-ff", "-m", "Merge pull request #7", "feature")
    assert {BOT, "noreply@github.com"} <= set(Git(committed).list_contributors(first, _head(committed)) or ())


def test_merged_contributors_are_listed(committed: Path) -> None:
    main, first = git(committed, "branch", "--show-current"), _head(committed)
    git(committed, "switch", "-q", "-c", "feature")
    _commit(committed, "octocat")
    git(committed, "switch", "-q", main)
    _commit(committed, "bob")
    before = _head(committed)
    git(committed, "-c", "user.email=merger@example.com", "merge", "-q", "--no-ff", "-m", "merge", "feature")
    merged = ("merger@example.com", "octocat@example.com", "ann@example.com")
    for since in (before, f"{_head(committed)}^1"):
        assert set(Git(committed).list_contributors(since, _head(committed)) or ()) == set(merged)
    assert set(Git(committed).list_contributors(first, _head(committed)) or ()) == {*merged, "bob@example.com"}


def test_changes_of_a_request_are_those_of_its_branch(committed: Path, tmp_path: Path) -> None:
    """Also in the clone of a job, which has only the merge and the commits that it joins."""
    base = git(committed, "rev-parse", "HEAD")
    main = git(committed, "branch", "--show-current")
    git(committed, "switch", "-q", "-c", "feature")
    (committed / "mine ü.tf").write_text("")
    git(committed, "add", "-A")
    head = _commit(committed, "octocat")
    git(committed, "switch", "-q", main)
    (committed / "theirs.tf").write_text("")
    git(committed, "add", "-A")
    _commit(committed, "bob")
    git(committed, "merge", "-q", "--no-ff", "-m", "merge", "feature")
    merge = git(committed, "rev-parse", "HEAD")
    own = [path for path in Git(committed).list_changes(f"{merge}^1") or () if path.endswith(".tf")]
    assert [path.rpartition("/")[2] for path in own] == ["mine ü.tf"]
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{git(committed, 'rev-parse', '--show-toplevel')}", "shallow")
    assert Git(tmp_path / "shallow").list_changes(f"{merge}^1") == Git(committed).list_changes(f"{merge}^1")
    git(committed, "switch", "-q", "feature")
    assert Git(committed).list_changes(base) == Git(committed).list_changes(f"{head}^1") == own
    for unknown in ("", "0" * 40, "--output=x", "HEAD"):
        assert Git(committed).list_changes(unknown) is None


def test_missing_history_is_unknown(committed: Path, tmp_path: Path) -> None:
    first = _head(committed)
    for author in ("bob", "cat"):
        _commit(committed, author)
    head, parent = _head(committed), git(committed, "rev-parse", "HEAD^1")
    one, two = _clone(committed, tmp_path, 1), _clone(committed, tmp_path, 2)
    for each in (one, two):
        assert each.list_contributors(first, head) is None
        assert each.list_contributors("", head) is None
        assert each.list_path_authors(["envctl.toml"], first) is None
        assert each.list_contributors(head, head) == ()
    assert one.list_contributors(f"{head}^1", head) is None
    assert two.list_contributors(parent, head) == ("cat@example.com", "ann@example.com")
    assert two.list_path_authors(["envctl.toml"], parent) == ()
    git(tmp_path / "shallow1", "fetch", "-q", "--unshallow")
    assert one.list_contributors(first, head) == Git(committed).list_contributors(first, head)


def test_merge_with_cut_branch_is_unknown(committed: Path, tmp_path: Path) -> None:
    """The commit before is there, and not all that was merged into it."""
    main = git(committed, "branch", "--show-current")
    git(committed, "switch", "-q", "-c", "feature")
    for author in ("mallory", "octocat"):
        _commit(committed, author)
    git(committed, "switch", "-q", main)
    _commit(committed, "bob")
    before = _head(committed)
    git(committed, "merge", "-q", "--no-ff", "-m", "merge", "feature")
    assert _clone(committed, tmp_path, 2).list_contributors(before, _head(committed)) is None
    found = _clone(committed, tmp_path, 4).list_contributors(before, _head(committed))
    assert found and "mallory@example.com" in found


def test_missing_repository_gives_no_contributors(project: Path) -> None:
    assert Git(project).list_contributors("", "") == ()
    git(project, "init", "-q", ".")
    assert Git(project).list_contributors("0" * 40, "") == ()
    assert Git(project).list_path_authors(["envctl.toml"], "") == ()


def test_commit_is_behind_its_descendants_alone(committed: Path, tmp_path: Path) -> None:
    first, main = git(committed, "rev-parse", "HEAD"), git(committed, "branch", "--show-current")
    second = _commit(committed, "bob")
    assert [Git(committed).is_behind(each) for each in (first, second)] == [False, False]
    git(committed, "switch", "-q", "--detach", first)
    assert Git(committed).is_behind(second) is True
    _commit(committed, "cat")
    assert [Git(committed).is_behind(each) for each in (second, "0" * 40, "", "--all")] == [False] * 4
    git(committed, "switch", "-q", main)
    top = git(committed, "rev-parse", "--show-toplevel")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{top}", "shallow")
    assert [Git(tmp_path / "shallow").is_behind(each) for each in ("0" * 40, second)] == [None, False]
    assert Git(tmp_path).is_behind(first) is False


def test_authors_of_a_file_since_commit_are_listed(committed: Path, tmp_path: Path) -> None:
    first, files = _head(committed), ["envctl.toml", "environments/dev"]
    _commit(committed, "bob")
    assert Git(committed).list_path_authors(files, first) == ()
    (committed / "envctl.toml").write_text("changed")
    git(committed, "add", ".")
    _commit(committed, "cat", "rules\n\nCo-authored-by: Dan <dan@example.com>\n")
    git(committed, "mv", "environments/dev/terraform.tfvars", "environments/dev/web.tfvars")
    second = _commit(committed, "eve")
    wrote = ("eve@example.com", "ann@example.com", "cat@example.com", "dan@example.com")
    for since in (first, "", "0" * 40, "--all"):
        assert Git(committed).list_path_authors(files, since) == wrote
    assert Git(committed).list_path_authors(files, second) == ()
    assert Git(committed).list_path_authors(["../../outside.tfvars"], first) == ()
    assert Git(tmp_path).list_path_authors(files, first) == ()


def test_author_on_merged_branch_counts_for_a_file(committed: Path) -> None:
    """Also where main has the same change by another person: git leaves one of the two out by itself."""
    first, main = _head(committed), git(committed, "branch", "--show-current")
    for author, branch in (("octocat", "feature"), ("bob", main)):
        git(committed, "switch", "-q", *(["-c"] if branch == "feature" else []), branch)
        (committed / "envctl.toml").write_text("changed")
        git(committed, "add", ".")
        _commit(committed, author)
    git(committed, "merge", "-q", "--no-ff", "-m", "merge", "feature")
    found = Git(committed).list_path_authors(["envctl.toml"], first)
    assert found and {"octocat@example.com", "bob@example.com"} <= set(found)


def test_ignored_settings_file_is_uncommitted(committed: Path) -> None:
    (committed / ".gitignore").write_text("*.log\nlocal.tfvars\n")
    git(committed, "add", ".")
    head = _commit(committed, "bob")
    assert Git(committed).read_revision(PATHS) == Revision(head, "bob@example.com", uncommitted=False)
    (committed / "local.tfvars").write_text("size = 9")
    found = Git(committed).read_revision(["envctl.toml", "local.tfvars"])
    assert found.differences == ("local.tfvars (not in the commit)",)


def test_message_of_a_commit_is_read_whole(committed: Path) -> None:
    git(committed, "commit", "-q", "--allow-empty", "-m", "Trace logs", "-m", "For 30 days.\nAnd more.")
    found = Git(committed).read_message(git(committed, "rev-parse", "HEAD"))
    assert found == CommitMessage("Trace logs\n\nFor 30 days.\nAnd more.", "ann@example.com")


def test_message_of_a_committer_without_address_is_read(committed: Path) -> None:
    git(committed, "-c", "user.email=", "commit", "-q", "--allow-empty", "-m", "Trace logs")
    found = Git(committed).read_message(git(committed, "rev-parse", "HEAD"))
    assert found == CommitMessage("Trace logs", "")


def test_known_secrets_in_a_message_are_redacted(committed: Path) -> None:
    git(committed, "commit", "-q", "--allow-empty", "-m", "Use hunter2")
    redacting = Git(committed, lambda text: text.replace("hunter2", "(sensitive)"))
    assert redacting.read_message(git(committed, "rev-parse", "HEAD")).text == "Use (sensitive)"


@pytest.mark.parametrize("commit", ["", "c0ffee", "0" * 40, "--help"])
def test_unknown_commit_has_no_message(committed: Path, commit: str) -> None:
    assert Git(committed).read_message(commit) == CommitMessage()


def test_git_runs_no_hook_of_the_tree(committed: Path) -> None:
    hook = committed / "hooks" / "post-index-change"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {committed.parent}/seen\n")
    hook.chmod(0o755)
    git(committed, "config", "core.hooksPath", str(hook.parent))
    # Another time of an unchanged file: git writes the index anew.
    (committed / "modules/web/main.tf").touch()
    run_git(committed, "update-index", "--refresh", "--force-write-index")
    assert not (committed.parent / "seen").exists()


def test_git_gets_no_credentials(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "token")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    seen = run_git(committed, "-c", "alias.seen=!env", "seen") or ""
    assert "PATH=" in seen
    assert "GITHUB_TOKEN" not in seen
    assert "AWS_SECRET_ACCESS_KEY" not in seen


@pytest.mark.parametrize("path", ["../modules/net", "modules/net", "modules/web"])
def test_changed_code_beside_project_is_noticed(committed: Path, path: str) -> None:
    """By its path, through a linked folder, and through a linked file."""
    net = committed.parent / "modules/net/main.tf"
    net.parent.mkdir(parents=True)
    net.write_text("net")
    (committed / "modules/net").symlink_to("../../modules/net")
    (committed / "modules/web/net.tf").symlink_to("../../../modules/net/main.tf")
    git(committed, "add", "..")
    git(committed, "commit", "-q", "-m", "second")
    files = ProjectTree(committed).read_folder(path) or {}
    assert not Git(committed).read_revision([path], files).uncommitted
    net.write_text("changed")
    files = ProjectTree(committed).read_folder(path) or {}
    assert Git(committed).read_revision([path], files).uncommitted


def _exclude(project: Path, environment: pytest.MonkeyPatch) -> None:
    (project.parent / ".git/info/exclude").write_text("*.json\n")
    _write("modules/web/data.json")(project)


def _exclude_by_configuration(project: Path, environment: pytest.MonkeyPatch) -> None:
    (project.parent / "mine").write_text("*.json\n")
    for name, value in (("COUNT", "1"), ("KEY_0", "core.excludesFile"), ("VALUE_0", str(project.parent / "mine"))):
        environment.setenv(f"GIT_CONFIG_{name}", value)
    _write("modules/web/data.json")(project)


def _use_clean_copy(project: Path, environment: pytest.MonkeyPatch) -> None:
    copy = project.parent.parent / "copy"
    git(project, "clone", "-q", "..", str(copy))
    environment.setenv("GIT_DIR", str(copy / ".git"))
    environment.setenv("GIT_WORK_TREE", str(copy))
    _write("modules/web/main.tf")(project)


def _set_flag(flag: str) -> Callable[[Path, pytest.MonkeyPatch], None]:
    def change(project: Path, environment: pytest.MonkeyPatch) -> None:
        git(project, "update-index", flag, "modules/web/main.tf")
        _write("modules/web/main.tf")(project)

    return change


def _configure(name: str, value: str) -> Callable[[Path, pytest.MonkeyPatch], None]:
    def change(project: Path, environment: pytest.MonkeyPatch) -> None:
        git(project, "config", name, value)
        _write("modules/web/main.tf")(project)

    return change


def _replace_commit(project: Path, environment: pytest.MonkeyPatch) -> None:
    head = _head(project)
    _write("modules/web/main.tf")(project)
    git(project, "add", ".")
    git(project, "replace", head, _commit(project, "mallory"))
    git(project, "--no-replace-objects", "update-ref", "HEAD", head)


def _filter(project: Path, environment: pytest.MonkeyPatch) -> None:
    git(project, "config", "filter.hide.clean", "echo -n modules/web/main.tf; touch ../ran")
    (project.parent / ".git/info/attributes").write_text("*.tf filter=hide\n")
    _write("modules/web/main.tf")(project)


def _change_mode(project: Path, environment: pytest.MonkeyPatch) -> None:
    git(project, "config", "core.fileMode", "false")
    (project / "modules/web/main.tf").chmod(0o755)


def _make_inner_repository(project: Path, environment: pytest.MonkeyPatch) -> None:
    """The file is in the commit, at another place."""
    _write("modules/web/main.tf")(project)
    (project.parent / "modules").mkdir()
    (project / "modules/web").rename(project.parent / "modules/web")
    git(project, "add", "..")
    _commit(project, "bob")
    (project.parent / "modules/web").rename(project / "modules/web")
    (project / ".git").mkdir()


SMUGGLED: dict[str, Callable[[Path, pytest.MonkeyPatch], object]] = {
    "assumed unchanged": _set_flag("--assume-unchanged"),
    "skipped in the working tree": _set_flag("--skip-worktree"),
    "excluded in the clone": _exclude,
    "excluded by variables": _exclude_by_configuration,
    "ignored by a committed file": lambda project, environment: _write("modules/web/debug.log")(project),
    "a clean copy as the repository": _use_clean_copy,
    "another working tree in the configuration": _configure("core.worktree", "/"),
    "a monitor that sees no change": _configure("core.fsmonitor", "true"),
    "a replaced commit": _replace_commit,
    "a filter of the clone": _filter,
    "a mode that git overlooks": _change_mode,
    "a repository inside that is none": _make_inner_repository,
}


@pytest.mark.parametrize("change", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_smuggled_content_is_uncommitted(
    committed: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path, pytest.MonkeyPatch], object]
) -> None:
    assert not _read(committed).uncommitted
    change(committed, monkeypatch)
    assert _read(committed).uncommitted
    assert not (committed.parent / "ran").exists()


POINTER = (
    "version https://git-lfs.github.com/spec/v1\noid sha256:"
    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\nsize 5\n"
)
CONTENTS: dict[str, tuple[str, str, str, str]] = {
    # attributes, committed content, content here, reason
    "text": ("*.tf text", "a\nb\n", "a\r\nb\r\n", ""),
    "text found by git": ("* text=auto", "a\nb\n", "a\r\nb\r\n", ""),
    "other line endings here": ("*.tf eol=crlf", "a\nb\n", "a\r\nb\r\n", ""),
    "the older name of text": ("*.tf crlf", "a\nb\n", "a\r\nb\r\n", ""),
    "no attributes": ("", "a\nb\n", "a\r\nb\r\n", "other line endings"),
    "no text": ("* text=auto\n*.tf -text", "a\nb\n", "a\r\nb\r\n", "other line endings"),
    "binary": ("* text=auto\n*.tf binary", "a\nb\n", "a\r\nb\r\n", "other line endings"),
    "a macro": ("[attr]raw -text\n* text=auto\n*.tf raw", "a\nb\n", "a\r\nb\r\n", "other line endings"),
    "data by its content": ("* text=auto", "a\0\nb\n", "a\0\r\nb\r\n", "other line endings"),
    "text that is changed too": ("*.tf text", "a\nb\n", "a\r\nc\r\n", "changed"),
    "large file": ("*.tf filter=lfs -text", POINTER, "hello", ""),
    "pointer itself": ("*.tf filter=lfs -text", POINTER, POINTER, ""),
    "other large file": ("*.tf filter=lfs -text", POINTER, "hellO", "other LFS content"),
    "pointer without attributes": ("", POINTER, "hello", "changed"),
    "filter": ("*.tf filter=crypt", "a\n", "b\n", "filter of .gitattributes is not applied"),
    "filter that changes nothing": ("*.tf filter=crypt", "a\n", "a\n", ""),
    "ident": ("*.tf ident", "$Id$\n", "$Id: 1 $\n", "ident of .gitattributes is not applied"),
}


@pytest.mark.parametrize(("attributes", "before", "after", "reason"), CONTENTS.values(), ids=CONTENTS.keys())
def test_committed_attributes_alone_decide(
    committed: Path, attributes: str, before: str, after: str, reason: str
) -> None:
    file = committed / "modules/web/main.tf"
    file.write_bytes(before.encode())
    git(committed, "add", ".")
    (committed.parent / ".gitattributes").write_text(attributes)
    git(committed, "add", "../.gitattributes")
    _commit(committed, "bob")
    # Neither those of the clone nor those of the working tree count.
    (committed.parent / ".git/info/attributes").write_text("*.tf text filter=lfs\n")
    (committed / "modules/.gitattributes").write_text("*.tf text filter=lfs\n")
    file.write_bytes(after.encode())
    assert _read(committed).differences == ((f"modules/web/main.tf ({reason})",) if reason else ())


def test_files_of_submodule_compare_with_its_commit(committed: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "net.tf").write_text("net")
    git(inner, "init", "-q")
    git(inner, "add", ".")
    git(inner, "-c", "user.name=ann", "-c", "user.email=ann@example.com", "commit", "-q", "-m", "one")
    add = ("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "modules/web/net")
    git(committed, *add)
    _commit(committed, "bob")
    assert not _read(committed).uncommitted
    (committed / "modules/web/net/net.tf").write_text("changed")
    assert _read(committed).differences == ("modules/web/net/net.tf (changed)",)
    git(committed / "modules/web/net", "-c", "user.name=a", "-c", "user.email=a@x.org", "commit", "-qam", "two")
    assert _read(committed).uncommitted
    (committed / "modules/web/net/.git").unlink()
    assert "modules/web/net/net.tf (this clone lacks its commit)" in _read(committed).differences


def test_safe_folder_of_variables_is_kept(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", "/srv/shop")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert run_git(committed, "config", "--get-all", "safe.directory") == "/srv/shop"


@pytest.mark.parametrize("words", [("init", "-q", "--object-format=sha256"), ("init", "-q")])
def test_content_is_compared_in_each_object_format(project: Path, words: tuple[str, ...]) -> None:
    git(project, *words, "..")
    git(project, "config", "user.email", "ann@example.com")
    git(project, "config", "user.name", "Ann")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "first")
    assert not _read(project).uncommitted
    _write("modules/web/main.tf")(project)
    assert _read(project).differences == ("modules/web/main.tf (changed)",)
