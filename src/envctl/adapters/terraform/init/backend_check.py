"""Check of the keys of a backend by Terraform itself, without a call to any server.

`terraform init` decodes the block of the backend before it configures it. One more key, which no backend has, ends the
init right there: with all other mistakes in the block reported, and nothing contacted.
"""

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from envctl.adapters.disk.files import read_text, write_text
from envctl.adapters.terraform.process import json_events
from envctl.adapters.terraform.process.arguments import build_arguments
from envctl.adapters.terraform.process.disk_errors import translate_disk_errors
from envctl.adapters.terraform.process.json_events import Diagnostic
from envctl.adapters.terraform.process.process import run_process
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE
from envctl.usecases.ports.terraform import BackendMistake, PreparedStack

SENTINEL = "envctl_ends_here"
PATIENCE_SECONDS = 30.0
_KEY = re.compile(r'^ {8}"(\w+)":')


def check_backend(
    binary: Sequence[str],
    environment: Mapping[str, str],
    cache: Path,
    kind: str,
    keys: Mapping[str, object],
    *,
    descriptor: int | None = None,
) -> tuple[BackendMistake, ...]:
    """Return the mistakes in the keys of a backend. A block without mistakes is remembered in the folder `cache`.
    `descriptor` is the open file of a pinned program.
    """
    document = {"terraform": {"backend": {kind: {**keys, SENTINEL: True}}}}
    text = json.dumps(document, indent=2, sort_keys=True)
    known = cache / hashlib.sha256(repr([*binary, text]).encode()).hexdigest()
    if known.exists():
        return ()
    with translate_disk_errors(Path(tempfile.gettempdir())), tempfile.TemporaryDirectory(prefix="envctl-") as name:
        folder = Path(name)
        write_text(folder / ROOT_MODULE_FILE, text)
        line = build_arguments(binary, "init", input=False, json=True)
        transcript = json_events.Transcript()
        run_process(
            line,
            folder,
            {name: value for name, value in environment.items() if name != "TF_WORKSPACE"},
            lambda each: _record_line(each, transcript),
            writes=False,
            patience=PATIENCE_SECONDS,
            program=descriptor,
        )
        lines = read_text(folder / ROOT_MODULE_FILE).splitlines()
    found = tuple(_list_mistakes(transcript.errors, lines))
    # Without the error of the sentinel, Terraform did not come that far.
    if not found and any(SENTINEL in each.detail for each in transcript.errors):
        with translate_disk_errors(cache):
            cache.mkdir(parents=True, exist_ok=True)
            known.touch()
    return found


def _record_line(text: str, transcript: json_events.Transcript) -> None:
    json_events.record_line(text, PreparedStack(""), transcript, str)


def _list_mistakes(errors: Sequence[Diagnostic], lines: Sequence[str]) -> Iterator[BackendMistake]:
    for each in errors:
        if SENTINEL in each.detail or each.line is None:
            continue
        before = (match[1] for text in reversed(lines[: each.line]) if (match := _KEY.match(text)))
        message = " ".join(each.detail.split()) or each.summary
        yield BackendMistake(next(before, ""), message)
