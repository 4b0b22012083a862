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
said = os.environ


def read_text(path: str) -> str:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    # No folder of the branch leads elsewhere.
    is_straight = path.startswith("/") or os.path.realpath(path) == os.fspath(Path.cwd() / path)
    is_file = is_straight and stat.S_ISREG(os.fstat(file).st_mode)
    return os.read(file, 8 * LONGEST).decode(errors="replace") if is_file else ""


def make_harmless(text: str) -> str:
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
    return f"{text}{fence}\n\n**Cut**: the job of the plan has the whole text.\n"


def call(method: str, url: str, body: object = None) -> Any:
    data = json.dumps(body).encode() if body else None
    headers = {"Authorization": f"Bearer {said['TOKEN']}", "Accept": "application/json"}
    request = urllib.request.Request(url, data, {**headers, "Content-Type": "application/json"}, method=method)
    context = ssl.create_default_context()
    if said["AUTHORITIES"]:
        context.load_verify_locations(said["AUTHORITIES"])
    with urllib.request.urlopen(request, timeout=PATIENCE, context=context) as answer:
        return json.load(answer)


def find_comment(marker: str) -> Any:
    for page in range(1, PAGES + 1):
        found = call("GET", f"{said['COMMENTS']}?per_page={PAGE}&page={page}{said['ORDER']}")
        for each in found:
            if each["body"].startswith(marker) and is_own(each):
                return each
        if len(found) < PAGE:
            break
    return None


def is_own(comment: Any) -> bool:
    if said["FORGE"] == "GitHub":
        return bool(comment["user"]["type"] == "Bot")
    # GitLab does not mark the notes of machines.
    return bool(comment["author"]["id"] == call("GET", said["ME"])["id"])


def write_comment() -> None:
    commit, folder = said["COMMIT"], said["FOLDER"]
    run, attempt = int(said["RUN"]), int(said["ATTEMPT"])
    marker = f"<!-- envctl: preview{f' at {folder}' if folder else ''} -->\n"
    old = find_comment(marker)
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
        f"Commit `{commit[:12]}` · {said['LINK']} · {at}",
    ]
    if planned and planned != commit:
        stale = f"this commit has no result. The last result was of commit `{planned[:12]}`."
        lines.append(f"> ⚠️ **Stale**: {stale}")
    text = make_harmless(read_text(said["TEXT"])) or "**No result**: see the log of the job."
    body = {"body": "\n\n".join([*lines, text])}
    if old:
        call(said["EDIT"], f"{said['COMMENT']}/{old['id']}", body)
    else:
        call("POST", said["COMMENTS"], body)


def main() -> None:
    why = ""
    for attempt in range(ATTEMPTS):
        time.sleep(2 * attempt)
        try:
            # All of it again: the last attempt may have written the comment.
            return write_comment()
        except urllib.error.HTTPError as error:
            why = f"{said['FORGE']} answers {error.code}"
            if error.code < 500:
                break
        except OSError as error:
            why = f"{said['FORGE']} can't be reached ({error})"
        except (ValueError, http.client.HTTPException):
            # The text of such an error can have the token.
            why = f"{said['FORGE']} gives no answer that can be read"
    sys.exit(f"{said['ERROR']}The comment was not written: {why}")


main()
