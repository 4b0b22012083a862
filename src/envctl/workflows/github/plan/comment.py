# Code of the pull request has written the text: here it is only a text. This job has no other file of that branch.
import json
import os
import re
import stat
import sys
import time
import urllib.error
import urllib.request
from typing import Any

LONGEST = 60_000  # GitHub takes 65,536 characters
ATTEMPTS, PAGES, PAGE = 3, 10, 100
GAP = "\u200b"  # without width: what GitHub or a bot would act on is broken, and looks the same
KEPT_TAGS = "details|summary|code|br|sub|sup|b"


def read_text(path: str) -> str:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    is_file = stat.S_ISREG(os.fstat(file).st_mode)
    return os.read(file, 8 * LONGEST).decode(errors="replace") if is_file else ""


def make_harmless(text: str) -> str:
    text = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
    # No tag that hides text, and no mark of another comment.
    text = re.sub(rf"<(?!/?(?:{KEPT_TAGS})>)(?=[A-Za-z/!?])", "&lt;", text)
    # No link or picture that shows another address.
    text = re.sub(r"\](?=[(\[:])", f"]{GAP}", text)
    # A mention calls no person.
    text = re.sub(r"(?<!\w)@(?=\w)", f"@{GAP}", text)
    # No command of a bot.
    text = re.sub(r"(?m)^([ >]*)/(?=\w)", rf"\1{GAP}/", text)
    if len(text) <= LONGEST:
        return text
    text = text[:LONGEST].rpartition("\n")[0]
    fence = "\n```" if len(re.findall(r"(?m)^ *```", text)) % 2 else ""
    return f"{text}{fence}\n\n**Cut**: the summary of the job has the whole text.\n"


def call(method: str, path: str, body: object = None) -> Any:
    url = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}"
    headers = {"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, headers, method=method)
    why = ""
    for attempt in range(ATTEMPTS):
        time.sleep(2 * attempt)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            why = f"GitHub answers {error.code}"
            if error.code < 500:
                break
        except OSError as error:
            why = f"GitHub can't be reached ({error})"
    sys.exit(f"::error title=envctl::The comment was not written: {why}")


def find_comment(marker: str, request: int) -> Any:
    for page in range(1, PAGES + 1):
        found = call("GET", f"issues/{request}/comments?per_page={PAGE}&page={page}")
        for each in found:
            if each["user"]["type"] == "Bot" and each["body"].startswith(marker):
                return each
        if len(found) < PAGE:
            break
    return None


def main() -> None:
    said = os.environ
    commit, folder, request = said["COMMIT"], said["FOLDER"], int(said["PULL_REQUEST"])
    run, attempt = int(said["GITHUB_RUN_ID"]), int(said["GITHUB_RUN_ATTEMPT"])
    marker = f"<!-- envctl: preview{f' at {folder}' if folder else ''} -->\n"
    old = find_comment(marker, request)
    written = r"<!-- envctl run: (\d+)\.(\d+) \w* planned (\w*) -->\n"
    mark = re.match(written, old["body"][len(marker) :]) if old else None
    if mark and (int(mark[1]), int(mark[2])) > (run, attempt):
        sys.stderr.write("the comment is of a newer run, and stays as it is\n")
        return
    planned = commit if said["REASON"] in {"done", "changes"} else mark[3] if mark else ""
    page = f"{said['GITHUB_SERVER_URL']}/{said['GITHUB_REPOSITORY']}/actions/runs/{run}/attempts/{attempt}"
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    lines = [
        f"{marker}<!-- envctl run: {run}.{attempt} {commit} planned {planned} -->",
        "> Code of this branch made this text. What counts is the plan that a job of the protected branch makes.",
        f"Commit `{commit[:12]}` · [run {said['GITHUB_RUN_NUMBER']}, attempt {attempt}]({page}) · {at}",
    ]
    if planned and planned != commit:
        stale = f"this commit has no result. The last result was of commit `{planned[:12]}`."
        lines.append(f"> ⚠️ **Stale**: {stale}")
    text = make_harmless(read_text(said["TEXT"])) or "**No result**: see the log of the job."
    body = {"body": "\n\n".join([*lines, text])}
    if old:
        call("PATCH", f"issues/comments/{old['id']}", body)
    else:
        call("POST", f"issues/{request}/comments", body)


main()
