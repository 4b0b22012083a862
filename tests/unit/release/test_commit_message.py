"""What a commit and a CI job say of a release: a number counts only where it is certain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.release.commit_message import (
    GITHUB_COMMITTER,
    MAX_SUBJECT,
    CommitMessage,
    CommitName,
    JobRequest,
    clean_subject,
    name_commit,
)

TITLE = "Trace logs, longer retention"
GITHUB_MERGE = f"Merge pull request #42 from acme/trace-logs\n\n{TITLE}\n\nKeeps them for 30 days."
GITLAB_MERGE = f"Merge branch 'trace-logs' into 'main'\n\n{TITLE}\n\nSee merge request acme/shop!42"
TEST_MERGE = f"Merge {'a' * 40} into {'b' * 40}"
BY_GITHUB, BY_PERSON = GITHUB_COMMITTER, "ann@example.com"
NO_JOB, IN_GITHUB, IN_GITLAB = JobRequest(), JobRequest("github"), JobRequest("gitlab")
NAMES: dict[str, tuple[str, str, JobRequest, CommitName]] = {
    "an ordinary commit has its subject": (f"{TITLE}\n\nMore.", BY_PERSON, NO_JOB, CommitName(TITLE)),
    "an empty message names nothing": ("", BY_PERSON, NO_JOB, CommitName()),
    "leading empty lines are skipped": (f"\n\n{TITLE}", BY_PERSON, NO_JOB, CommitName(TITLE)),
    "a merge on GitHub has the title of the request": (GITHUB_MERGE, BY_PERSON, NO_JOB, CommitName(TITLE, 42)),
    "a merge on GitHub without a title keeps its subject": (
        "Merge pull request #42 from acme/x",
        BY_GITHUB,
        NO_JOB,
        CommitName("Merge pull request #42 from acme/x", 42),
    ),
    "a merge on GitLab has the title of the request": (GITLAB_MERGE, BY_PERSON, NO_JOB, CommitName(TITLE, 42)),
    "a merge on GitLab without a title keeps its subject": (
        "Merge branch 'x' into 'main'\n\nSee merge request acme/shop!42",
        BY_PERSON,
        NO_JOB,
        CommitName("Merge branch 'x' into 'main'", 42),
    ),
    "a commit on GitLab with a reference keeps its subject": (
        f"{TITLE}\n\nMore.\n\nSee merge request acme/shop!42",
        BY_PERSON,
        NO_JOB,
        CommitName(TITLE, 42),
    ),
    "two references are no certain number": (
        f"{TITLE}\n\nSee merge request a/b!42\nSee merge request a/b!43",
        BY_PERSON,
        NO_JOB,
        CommitName(TITLE),
    ),
    "a squash by GitHub has its number": (f"{TITLE} (#42)", BY_GITHUB, NO_JOB, CommitName(TITLE, 42)),
    "a squash in a job of GitHub has its number": (f"{TITLE} (#42)", BY_PERSON, IN_GITHUB, CommitName(TITLE, 42)),
    "a squash that reverts one has the last number": (
        f'Revert "{TITLE} (#42)" (#43)',
        BY_GITHUB,
        NO_JOB,
        CommitName(f'Revert "{TITLE} (#42)"', 43),
    ),
    "a number typed by a person may be an issue": (
        f"{TITLE} (#42)",
        BY_PERSON,
        NO_JOB,
        CommitName(f"{TITLE} (#42)"),
    ),
    "a number on GitLab is an issue": (f"{TITLE} (#42)", BY_PERSON, IN_GITLAB, CommitName(f"{TITLE} (#42)")),
    "a number within the subject is no request": (
        "Fix #42 at last",
        BY_GITHUB,
        IN_GITHUB,
        CommitName("Fix #42 at last"),
    ),
    "the job knows better than the commit": (GITHUB_MERGE, BY_GITHUB, JobRequest("github", 50), CommitName(TITLE, 50)),
    "a test merge has the title of its request": (
        TEST_MERGE,
        BY_GITHUB,
        JobRequest("github", 42, TITLE),
        CommitName(TITLE, 42),
    ),
    "a test merge without a title keeps its subject": (TEST_MERGE, BY_GITHUB, IN_GITHUB, CommitName(TEST_MERGE)),
    "a title replaces no other subject": (TITLE, BY_PERSON, JobRequest("gitlab", 42, "Other"), CommitName(TITLE, 42)),
}


@pytest.mark.parametrize(("text", "committer", "job", "expected"), NAMES.values(), ids=NAMES)
def test_commit_is_named(text: str, committer: str, job: JobRequest, expected: CommitName) -> None:
    assert name_commit(CommitMessage(text, committer), job) == expected


SUBJECTS = {
    "a terminal sequence": ("\x1b[31mred\x07 alert", "[31mred alert"),
    "a direction override": ("pay \u202egnp.exe", "pay gnp.exe"),
    "tabs and doubled spaces": ("a\tb   c ", "a b c"),
    "wide characters": ("ログの保持期間を延長", "ログの保持期間を延長"),
    "a lone surrogate": ("a\ud800b", "ab"),
    "a long line": ("x" * 300, "x" * (MAX_SUBJECT - 1) + "…"),
}


@pytest.mark.parametrize(("text", "expected"), SUBJECTS.values(), ids=SUBJECTS)
def test_subject_is_one_clean_line(text: str, expected: str) -> None:
    assert clean_subject(text) == expected


@given(st.text(), st.sampled_from([NO_JOB, IN_GITHUB, IN_GITLAB]), st.sampled_from([BY_GITHUB, BY_PERSON]))
def test_any_message_gives_one_printable_line(text: str, job: JobRequest, committer: str) -> None:
    named = name_commit(CommitMessage(text, committer), job)
    assert len(named.subject) <= MAX_SUBJECT
    assert named.subject.isprintable()
    assert clean_subject(named.subject) == named.subject
