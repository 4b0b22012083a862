# Code of the branch has written the text: here it is only a text. This job has no other file of that branch.
import http.client
import json
import os
import re
import ssl
import stat
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

LONGEST = 60_000  # GitHub takes 65,536 characters
ATTEMPTS, PAGES, PAGE, PATIENCE = 3, 10, 100, 20
GAP = "\u200b"  # without width: what a forge or a bot would act on is broken, and looks the same
KEPT_TAGS = "details|summary|code|br|sub|sup|b"


class Github:
    name, whole, failure, hint, order = "GitHub", "summary", "::error title=envctl::", "", ""
    edit, authorities = "PATCH", ""

    def __init__(self, said: Any) -> None:
        repository = said["GITHUB_REPOSITORY"]
        self.top = f"{said['GITHUB_API_URL']}/repos/{repository}"
        self.headers = {"Authorization": f"Bearer {said['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
        self.comments, self.comment = f"issues/{int(said['PULL_REQUEST'])}/comments", "issues/comments"
        self.run, self.attempt = int(said["GITHUB_RUN_ID"]), int(said["GITHUB_RUN_ATTEMPT"])
        self.commit = said["COMMIT"]
        page = f"{said['GITHUB_SERVER_URL']}/{repository}/actions/runs/{self.run}/attempts/{self.attempt}"
        self.link = f"[run {said['GITHUB_RUN_NUMBER']}, attempt {self.attempt}]({page})"

    def is_own(self, comment: Any) -> bool:
        return bool(comment["user"]["type"] == "Bot")


class Gitlab:
    name, whole, failure, order = "GitLab", "artifact", "", "&order_by=created_at&sort=asc"
    hint = "ENVCTL_GITLAB_TOKEN: a project access token with the scope api and the role Reporter, masked, not protected"
    edit = "PUT"

    def __init__(self, said: Any) -> None:
        token, self.authorities = said.get("ENVCTL_GITLAB_TOKEN", "").strip(), said.get("CI_SERVER_TLS_CA_FILE", "")
        if not token:
            where = f"Settings, CI/CD, Variables, for the environment {said['CI_ENVIRONMENT_NAME']}"
            sys.stderr.write(f"The note was not written: the job has no token. Set it under {where}: {self.hint}\n")
            sys.exit()
        self.top, self.headers, self.user = said["CI_API_V4_URL"], {"PRIVATE-TOKEN": token}, None
        project, request = int(said["CI_PROJECT_ID"]), int(said["CI_MERGE_REQUEST_IID"])
        self.comments = self.comment = f"projects/{project}/merge_requests/{request}/notes"
        self.run, self.attempt = int(said["CI_PIPELINE_ID"]), int(said["CI_JOB_ID"])
        self.commit = said.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or said["CI_COMMIT_SHA"]
        self.link = f"[pipeline {self.run}]({said['CI_PIPELINE_URL']})"

    def is_own(self, comment: Any) -> bool:
        # GitLab does not mark the notes of machines.
        self.user = self.user or call(self, "GET", "user")["id"]
        return bool(comment["author"]["id"] == self.user)


def read_text(path: str) -> str:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    # No folder of the branch leads elsewhere.
    is_straight = path.startswith("/") or os.path.realpath(path) == os.fspath(Path.cwd() / path)
    is_file = is_straight and stat.S_ISREG(os.fstat(file).st_mode)
    return os.read(file, 8 * LONGEST).decode(errors="replace") if is_file else ""


def make_harmless(text: str, whole: str = "summary") -> str:
    text = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
    # No tag that hides text, and no mark of another comment.
    text = re.sub(rf"<(?!/?(?:{KEPT_TAGS})>)(?=[A-Za-z/!?])", "&lt;", text)
    # No link or picture that shows another address.
    text = re.sub(r"\](?=[(\[:])", f"]{GAP}", text)
    # A mention calls no person.
    text = re.sub(r"(?<!\w)@(?=[\w.])", f"@{GAP}", text)
    # No command of a bot or of GitLab.
    text = re.sub(r"(?m)^([ >]*)/(?=\w)", rf"\1{GAP}/", text)
    # No drawing, which can have links too.
    text = re.sub(r"(`{3,}|~{3,})(?! *(?:diff|text)\b)(?= *[^\s`~])", rf"\1{GAP}", text)
    if len(text) <= LONGEST:
        return text
    text = text[:LONGEST].rpartition("\n")[0]
    fence = "\n```" if len(re.findall(r"(?m)^ *```", text)) % 2 else ""
    return f"{text}{fence}\n\n**Cut**: the {whole} of the job has the whole text.\n"


def call(forge: Any, method: str, path: str, body: object = None) -> Any:
    data = json.dumps(body).encode() if body else None
    headers = {**forge.headers, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{forge.top}/{path}", data, headers, method=method)
    context = ssl.create_default_context()
    if forge.authorities:
        context.load_verify_locations(forge.authorities)
    with urllib.request.urlopen(request, timeout=PATIENCE, context=context) as answer:
        return json.load(answer)


def find_comment(forge: Any, marker: str) -> Any:
    for page in range(1, PAGES + 1):
        found = call(forge, "GET", f"{forge.comments}?per_page={PAGE}&page={page}{forge.order}")
        for each in found:
            if each["body"].startswith(marker) and forge.is_own(each):
                return each
        if len(found) < PAGE:
            break
    return None


def write_comment(forge: Any, said: Any) -> None:
    folder, commit, run, attempt = said["FOLDER"], forge.commit, forge.run, forge.attempt
    marker = f"<!-- envctl: preview{f' at {folder}' if folder else ''} -->\n"
    old = find_comment(forge, marker)
    written = r"<!-- envctl run: (\d+)\.(\d+) \w* planned (\w*) -->\n"
    mark = re.match(written, old["body"][len(marker) :]) if old else None
    if mark and (int(mark[1]), int(mark[2])) > (run, attempt):
        sys.stderr.write("the comment is of a newer run, and stays as it is\n")
        return
    planned = commit if said["REASON"] in {"done", "changes"} else mark[3] if mark else ""
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    lines = [
        f"{marker}<!-- envctl run: {run}.{attempt} {commit} planned {planned} -->",
        "> Code of this branch made this text. What counts is the plan that a job of the protected branch makes.",
        f"Commit `{commit[:12]}` · {forge.link} · {at}",
    ]
    if planned and planned != commit:
        stale = f"this commit has no result. The last result was of commit `{planned[:12]}`."
        lines.append(f"> ⚠️ **Stale**: {stale}")
    text = make_harmless(read_text(said["TEXT"]), forge.whole) or "**No result**: see the log of the job."
    body = {"body": "\n\n".join([*lines, text])}
    if old:
        call(forge, forge.edit, f"{forge.comment}/{old['id']}", body)
    else:
        call(forge, "POST", forge.comments, body)


def main(forge: Any) -> None:
    why = ""
    for attempt in range(ATTEMPTS):
        time.sleep(2 * attempt)
        try:
            # All of it again: the last attempt may have written the comment.
            return write_comment(forge, os.environ)
        except urllib.error.HTTPError as error:
            why = f"{forge.name} answers {error.code}{f'. {forge.hint}' if error.code < 500 else ''}"
            if error.code < 500:
                break
        except OSError as error:
            why = f"{forge.name} can't be reached ({error})"
        except (ValueError, http.client.HTTPException):
            # The text of such an error can have the token.
            why = f"{forge.name} gives no answer that can be read"
    sys.exit(f"{forge.failure}The comment was not written: {why}")
