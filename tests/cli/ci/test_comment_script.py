"""The script that posts the comment of a pull or merge request: the text comes from code of its branch, and may say
anything.
"""

import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envctl.adapters.local.templates import PackagedTemplates
from envctl.cli.ci.comment import MADE_BY_BRANCH
from tests.adapters.forge.github_server import TOKEN as GITHUB_TOKEN
from tests.adapters.forge.github_server import GithubServer, github
from tests.adapters.forge.gitlab_server import TOKEN as GITLAB_TOKEN
from tests.adapters.forge.gitlab_server import GitlabServer, gitlab
from tests.adapters.forge.server import Fault, Server

SCRIPT = PackagedTemplates().load_workflows("github")["comment.py"]
NEW, OLD = "b" * 40, "a" * 40
MARKER = "<!-- envctl: preview -->\n"
# As the workflow of each forge has them.
GITHUB = {
    "FORGE": "GitHub",
    "ERROR": "::error title=envctl::",
    "COMMENTS": "SERVER/repos/acme/shop/issues/7/comments",
    "COMMENT": "SERVER/repos/acme/shop/issues/comments",
    "EDIT": "PATCH",
    "ORDER": "",
    "TOKEN": GITHUB_TOKEN,
}
GITLAB = {
    "FORGE": "GitLab",
    "ERROR": "",
    "COMMENTS": "SERVER/projects/4711/merge_requests/7/notes",
    "COMMENT": "SERVER/projects/4711/merge_requests/7/notes",
    "EDIT": "PUT",
    "ORDER": "&order_by=created_at&sort=asc",
    "ME": "SERVER/user",
    "TOKEN": GITLAB_TOKEN,
}


@pytest.fixture(params=["GitHub", "GitLab"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with github() if request.param == "GitHub" else gitlab() as found:
        yield found


@pytest.fixture
def gitlab_server() -> Iterator[GitlabServer]:
    with gitlab() as found:
        yield found


def post(
    server: Server,
    text: str | bytes | Path | None,
    tmp_path: Path,
    *,
    run: str = "42",
    attempt: str = "1",
    commit: str = NEW,
    reason: str = "done",
    folder: str = "",
    **more: str,
) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "text.md"
    file.unlink(missing_ok=True)
    if isinstance(text, Path):
        file.symlink_to(text)
    elif text is not None:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    variables = {
        **(
            {**GITHUB, "TEXT": os.fspath(file)} if isinstance(server, GithubServer) else {**GITLAB, "TEXT": "./text.md"}
        ),
        "RUN": run,
        "ATTEMPT": attempt,
        "COMMIT": commit,
        "REASON": reason,
        "FOLDER": folder,
        "LINK": f"[pipeline {run}](https://gitlab.com/acme/shop/-/pipelines/{run})",
        "AUTHORITIES": "",
        "NO_PROXY": "127.0.0.1",
    }
    variables |= {name: value.replace("SERVER", server.url) for name, value in variables.items()} | more
    # No test waits as long as a job.
    script = SCRIPT.replace("time.sleep(2 * attempt)", "").replace(
        "PATIENCE = 3, 10, 100, 20", "PATIENCE = 3, 10, 100, 1"
    )
    return subprocess.run(
        [sys.executable, "-I", "-"],
        cwd=tmp_path,
        input=script,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def read(server: Server) -> str:
    (comment,) = server.comments
    return str(comment["body"])


def make_harmless(text: str) -> str:
    names: dict[str, object] = {}
    exec(SCRIPT.removesuffix("main()\n"), names)
    harmless = names["make_harmless"]
    assert callable(harmless)
    return str(harmless(text))


def test_both_ways_to_post_say_the_same() -> None:
    assert f'"{MADE_BY_BRANCH}"' in SCRIPT


def test_comment_names_who_made_it(server: Server, tmp_path: Path) -> None:
    assert post(server, "## Preview\n\n| dev | 1 to add |\n", tmp_path).returncode == 0
    body = read(server)
    assert body.startswith(
        f"{MARKER}<!-- envctl run: 42.1 {NEW} planned {NEW} -->\n\n> Code of this branch made this text."
    )
    assert "Commit `bbbbbbbbbbbb` · [pipeline 42](https://gitlab.com/acme/shop/-/pipelines/42) · " in body
    # GitLab removes the last line end.
    assert body.rstrip().endswith("## Preview\n\n| dev | 1 to add |")


def test_second_run_changes_the_one_comment(server: Server, tmp_path: Path) -> None:
    server.add_comment(f"{MARKER}by a person", machine=False)
    for number in ("42", "43"):
        assert post(server, f"text {number}", tmp_path, run=number).returncode == 0
    person, own = (comment["body"] for comment in server.comments)
    assert (person, own.endswith("text 43")) == (f"{MARKER}by a person", True)


def test_older_run_leaves_the_comment(server: Server, tmp_path: Path) -> None:
    post(server, "newer", tmp_path, run="50")
    ran = post(server, "older", tmp_path, run="49")
    assert (ran.returncode, read(server).endswith("newer")) == (0, True)
    post(server, "again", tmp_path, run="50", attempt="2")
    assert read(server).endswith("again")


@pytest.mark.parametrize("reason", ["", "failed", "refused", "configuration", "x; rm"])
def test_failed_run_says_whose_result_is_left(server: Server, tmp_path: Path, reason: str) -> None:
    post(server, "fine", tmp_path, commit=OLD)
    post(server, "E001", tmp_path, reason=reason, run="43")
    assert f"planned {OLD} -->" in read(server)
    assert "**Stale**: this commit has no result. The last result was of commit `aaaaaaaaaaaa`." in read(server)


def test_project_in_a_folder_has_its_own_comment(server: Server, tmp_path: Path) -> None:
    post(server, "top", tmp_path)
    post(server, "below", tmp_path, folder="infra/shop")
    assert [each["body"].partition("\n")[0] for each in server.comments] == [
        "<!-- envctl: preview -->",
        "<!-- envctl: preview at infra/shop -->",
    ]


def test_missing_text_is_told(server: Server, tmp_path: Path) -> None:
    assert post(server, None, tmp_path, reason="").returncode == 0
    assert read(server).endswith("**No result**: see the log of the job.")


def test_no_other_file_is_shown(server: Server, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("planted")
    assert post(server, secret, tmp_path).returncode == 0
    assert "planted" not in read(server)
    os.mkfifo(tmp_path / "pipe")
    assert post(server, None, tmp_path, TEXT=os.fspath(tmp_path / "pipe"), run="43").returncode == 0
    assert post(server, None, tmp_path, TEXT=os.fspath(tmp_path), run="44").returncode == 0


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
    "a drawing with links": ("```mermaid\nclick a href\n```", "```mermaid"),
    "a call by a dot": ("@.octocat", "@.octocat"),
    "letters that turn the text": ("a\u202eb\x1b[2J\x00", "\u202e"),
}


@pytest.mark.parametrize(("text", "left"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_only_text(server: Server, tmp_path: Path, text: str, left: str) -> None:
    assert post(server, text, tmp_path).returncode == 0
    body = read(server)
    said = body.partition(" UTC\n\n")[2]
    assert said
    assert left not in said
    assert not getattr(server, "carried_out", [])
    assert body.startswith(MARKER)


def test_what_envctl_writes_stays_as_it_is() -> None:
    fine = "## Preview\n\n<details><summary>dev</summary>\n\n```diff\n+ image = app@sha256:00\n- a/b < c\n```\n"
    assert make_harmless(fine) == fine


@pytest.mark.parametrize("text", ["x" * 100_000, "line\n" * 30_000, "```\n" + "code\n" * 30_000, "<" * 90_000])
def test_long_text_is_cut_and_told(server: Server, tmp_path: Path, text: str) -> None:
    assert post(server, text, tmp_path).returncode == 0
    body = read(server)
    assert len(body) < 65_536
    assert body.rstrip().endswith("**Cut**: the job of the plan has the whole text.")
    assert len(re.findall("(?m)^```", body)) % 2 == 0


def test_bytes_that_are_no_text_are_shown_as_such(server: Server, tmp_path: Path) -> None:
    assert post(server, b"\xff\xfe ok", tmp_path).returncode == 0
    assert read(server).endswith(" ok")


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.sampled_from("<>!-@[](): /`abdetils\n\\ "), max_size=60))
def test_harmless_text_has_no_mark_link_or_call(text: str) -> None:
    harmless = make_harmless(text)
    assert not re.search(r"<!|\](?=[(\[:])|(?<!\w)@\w|(?m:^[ >]*/\w)", harmless)
    assert not [tag for tag in re.findall(r"</?[A-Za-z][^>]*", harmless) if tag.strip("</") not in KEPT]


KEPT = {"details", "summary", "code", "br", "sub", "sup", "b"}


def test_refusal_of_forge_fails_the_job(server: Server, tmp_path: Path) -> None:
    server.fails += [("GET", 403, {"message": "no"})]
    ran = post(server, "text", tmp_path)
    name = "GitHub" if isinstance(server, GithubServer) else "GitLab"
    assert (ran.returncode, f"The comment was not written: {name} answers 403" in ran.stderr) == (1, True)
    assert ran.stderr.startswith("::error title=envctl::") == (name == "GitHub")


def test_busy_forge_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.fails += [("GET", 502, {})]
    assert post(server, "text", tmp_path).returncode == 0
    assert len(server.comments) == 1


FAULTS = {
    "it is busy": (Fault("GET", 503), "answers 503"),
    "it is too slow": (Fault("GET", delay=1.5), "can't be reached"),
    "its answer is cut": (Fault("GET", cut=True), "gives no answer that can be read"),
    "it answers a page": (Fault("GET", data=b"<html>"), "gives no answer that can be read"),
}


@pytest.mark.parametrize(("fault", "told"), FAULTS.values(), ids=FAULTS)
def test_lasting_fault_fails_the_job(gitlab_server: GitlabServer, tmp_path: Path, fault: Fault, told: str) -> None:
    gitlab_server.faults += [fault] * 3
    ran = post(gitlab_server, "text", tmp_path)
    assert (ran.returncode, f"The comment was not written: GitLab {told}" in ran.stderr) == (1, True), ran.stderr
    assert (gitlab_server.comments, len(gitlab_server.asked)) == ([], 3)


def test_uncertain_post_makes_no_second_comment(server: Server, tmp_path: Path) -> None:
    server.faults.append(Fault("POST", 502, after=True))
    assert post(server, "text", tmp_path).returncode == 0
    assert read(server).rstrip().endswith("text")


def test_useless_token_is_told(gitlab_server: GitlabServer, tmp_path: Path) -> None:
    ran = post(gitlab_server, "text", tmp_path, TOKEN="glpat-expired")
    assert (ran.returncode, "not written: GitLab answers 401" in ran.stderr) == (1, True)
    gitlab_server.tokens.clear()
    ran = post(gitlab_server, "text", tmp_path, COMMENTS=f"{gitlab_server.url}/projects/12/merge_requests/7/notes")
    assert (ran.returncode, "not written: GitLab answers 404" in ran.stderr) == (1, True)
    assert "glpat" not in ran.stderr


def test_broken_token_is_in_no_log(gitlab_server: GitlabServer, tmp_path: Path) -> None:
    ran = post(gitlab_server, "text", tmp_path, TOKEN="glpat-one\nglpat-two")
    assert (ran.returncode, "glpat" in ran.stdout + ran.stderr) == (1, False)


def test_folder_of_branch_leads_nowhere_else(gitlab_server: GitlabServer, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "text.md").write_text("planted")
    (tmp_path / "shop").symlink_to("secrets")
    assert post(gitlab_server, None, tmp_path, TEXT="./shop/text.md").returncode == 0
    assert "planted" not in read(gitlab_server)


def test_own_gitlab_is_trusted_by_its_authority(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(os.fspath(tmp_path / "ca.pem"))
    with gitlab(context) as server:
        assert "can't be reached" in post(server, "text", tmp_path).stderr
        assert post(server, "text", tmp_path, AUTHORITIES=os.fspath(tmp_path / "ca.pem")).returncode == 0
        assert len(server.comments) == 1
