"""The script that posts the comment of a pull request: the text comes from code of its branch, and may say anything."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envctl.cli.ci.comment import MADE_BY_BRANCH
from tests.adapters.forge.github_server import GithubServer, github

SCRIPT = Path(__file__).parents[3] / "src" / "envctl" / "workflows" / "github" / "plan" / "comment.py"
NEW, OLD = "b" * 40, "a" * 40
MARKER = "<!-- envctl: preview -->\n"


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with github() as found:
        yield found


def post(
    server: GithubServer, text: str | bytes | Path | None, tmp_path: Path, **more: str
) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "text.md"
    file.unlink(missing_ok=True)
    if isinstance(text, Path):
        file.symlink_to(text)
    elif text is not None:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    variables = {
        **server.environment,
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_NUMBER": "9",
        "GITHUB_SERVER_URL": "https://github.com",
        "TEXT": os.fspath(file),
        "PULL_REQUEST": "7",
        "COMMIT": NEW,
        "REASON": "done",
        "FOLDER": "",
        "NO_PROXY": "127.0.0.1",
        **more,
    }
    return subprocess.run(
        [sys.executable, "-I", "-"],
        input=SCRIPT.read_text(encoding="utf-8"),
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def read(server: GithubServer) -> str:
    (comment,) = server.comments
    return str(comment["body"])


def make_harmless(text: str) -> str:
    names: dict[str, object] = {}
    exec(SCRIPT.read_text(encoding="utf-8").removesuffix("main()\n"), names)
    harmless = names["make_harmless"]
    assert callable(harmless)
    return str(harmless(text))


def test_both_ways_to_post_say_the_same() -> None:
    assert f'"{MADE_BY_BRANCH}"' in SCRIPT.read_text(encoding="utf-8")


def test_comment_names_who_made_it(server: GithubServer, tmp_path: Path) -> None:
    assert post(server, "## Preview\n\n| dev | 1 to add |\n", tmp_path).returncode == 0
    body = read(server)
    assert body.startswith(
        f"{MARKER}<!-- envctl run: 42.1 {NEW} planned {NEW} -->\n\n> Code of this branch made this text."
    )
    assert "Commit `bbbbbbbbbbbb` · [run 9, attempt 1](https://github.com/acme/shop/actions/runs/42/attempts/1)" in body
    assert body.endswith("## Preview\n\n| dev | 1 to add |\n")


def test_second_run_changes_the_one_comment(server: GithubServer, tmp_path: Path) -> None:
    server.add_comment(f"{MARKER}by a person", machine=False)
    for number in ("42", "43"):
        assert post(server, f"text {number}", tmp_path, GITHUB_RUN_ID=number).returncode == 0
    person, own = (comment["body"] for comment in server.comments)
    assert (person, own.endswith("text 43")) == (f"{MARKER}by a person", True)


def test_older_run_leaves_the_comment(server: GithubServer, tmp_path: Path) -> None:
    post(server, "newer", tmp_path, GITHUB_RUN_ID="50")
    ran = post(server, "older", tmp_path, GITHUB_RUN_ID="49")
    assert (ran.returncode, read(server).endswith("newer")) == (0, True)
    post(server, "again", tmp_path, GITHUB_RUN_ID="50", GITHUB_RUN_ATTEMPT="2")
    assert read(server).endswith("again")


@pytest.mark.parametrize("reason", ["", "failed", "refused", "configuration", "x; rm"])
def test_failed_run_says_whose_result_is_left(server: GithubServer, tmp_path: Path, reason: str) -> None:
    post(server, "fine", tmp_path, COMMIT=OLD)
    post(server, "E001", tmp_path, REASON=reason, GITHUB_RUN_ID="43")
    assert f"planned {OLD} -->" in read(server)
    assert "**Stale**: this commit has no result. The last result was of commit `aaaaaaaaaaaa`." in read(server)


def test_project_in_a_folder_has_its_own_comment(server: GithubServer, tmp_path: Path) -> None:
    post(server, "top", tmp_path)
    post(server, "below", tmp_path, FOLDER="infra/shop")
    assert [each["body"].partition("\n")[0] for each in server.comments] == [
        "<!-- envctl: preview -->",
        "<!-- envctl: preview at infra/shop -->",
    ]


def test_missing_text_is_told(server: GithubServer, tmp_path: Path) -> None:
    assert post(server, None, tmp_path, REASON="").returncode == 0
    assert read(server).endswith("**No result**: see the log of the job.")


def test_no_other_file_is_shown(server: GithubServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("planted")
    assert post(server, secret, tmp_path).returncode == 0
    assert "planted" not in read(server)
    os.mkfifo(tmp_path / "pipe")
    assert post(server, None, tmp_path, TEXT=os.fspath(tmp_path / "pipe"), GITHUB_RUN_ID="43").returncode == 0
    assert post(server, None, tmp_path, TEXT=os.fspath(tmp_path), GITHUB_RUN_ID="44").returncode == 0


# What a branch may try, and what must not be left of it.
HOSTILE = {
    "a mark of a later run": (f"{MARKER}<!-- envctl run: 999999999999.1 {OLD} planned {OLD} -->", "<!-- envctl"),
    "a hidden part": ("<!-- approve this --> <p hidden>x</p>", "<p hidden"),
    "a link that shows another address": ("[https://github.com/acme](https://evil.example)", "](https"),
    "a link by its name": ("[a][b]\n\n[b]: https://evil.example", "]: https"),
    "a picture": ("![x](https://evil.example/seen.png)", "](https"),
    "a tag with an address": ('<a href="https://evil.example">run</a> <img src="https://evil.example">', "<img"),
    "a tag with more than its name": ('<details open onclick="x">', "<details open"),
    "people are called": ("@acme/owners please, and @octocat", "@octocat"),
    "a command of a bot": ("/approve\n> /lgtm", "\n> /lgtm"),
    "letters that turn the text": ("a\u202eb\x1b[2J\x00", "\u202e"),
}


@pytest.mark.parametrize(("text", "left"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_only_text(server: GithubServer, tmp_path: Path, text: str, left: str) -> None:
    assert post(server, text, tmp_path).returncode == 0
    body = read(server)
    said = body.partition(" UTC\n\n")[2]
    assert said
    assert left not in said
    assert body.startswith(MARKER)


def test_what_envctl_writes_stays_as_it_is() -> None:
    fine = "## Preview\n\n<details><summary>dev</summary>\n\n```diff\n+ image = app@sha256:00\n- a/b < c\n```\n"
    assert make_harmless(fine) == fine


@pytest.mark.parametrize("text", ["x" * 100_000, "line\n" * 30_000, "```\n" + "code\n" * 30_000, "<" * 90_000])
def test_long_text_is_cut_and_told(server: GithubServer, tmp_path: Path, text: str) -> None:
    assert post(server, text, tmp_path).returncode == 0
    body = read(server)
    assert len(body) < 65_536
    assert body.endswith("**Cut**: the summary of the job has the whole text.\n")
    assert len(re.findall("(?m)^```", body)) % 2 == 0


def test_bytes_that_are_no_text_are_shown_as_such(server: GithubServer, tmp_path: Path) -> None:
    assert post(server, b"\xff\xfe ok", tmp_path).returncode == 0
    assert read(server).endswith(" ok")


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.sampled_from("<>!-@[](): /`abdetils\n\\ "), max_size=60))
def test_harmless_text_has_no_mark_link_or_call(text: str) -> None:
    harmless = make_harmless(text)
    assert not re.search(r"<!|\](?=[(\[:])|(?<!\w)@\w|(?m:^[ >]*/\w)", harmless)
    assert not [tag for tag in re.findall(r"</?[A-Za-z][^>]*", harmless) if tag.strip("</") not in KEPT]


KEPT = {"details", "summary", "code", "br", "sub", "sup", "b"}


def test_refusal_of_github_fails_the_job(server: GithubServer, tmp_path: Path) -> None:
    server.fails += [("GET", 403, {"message": "no"})]
    ran = post(server, "text", tmp_path)
    assert (ran.returncode, "::error title=envctl::The comment was not written: GitHub answers 403" in ran.stderr) == (
        1,
        True,
    )


def test_busy_github_is_asked_again(server: GithubServer, tmp_path: Path) -> None:
    server.fails += [("GET", 502, {})]
    assert post(server, "text", tmp_path).returncode == 0
    assert len(server.comments) == 1
