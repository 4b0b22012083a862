"""Values that are a path of one machine, such as `path.cwd` in a tag: each machine and job would plan another one."""

import re
from collections.abc import Iterator

from envctl.domain.release.bundle import Release
from envctl.domain.release.code_lines import COMMENT, skip_blocks
from envctl.domain.terraform.workdir_names import REMOTE_MODULES_FOLDER

_PATH = re.compile(r"\bpath\.cwd\b|\b(?:abspath|pathexpand)\s*\(")
# What a file holds, and the last name of a path, are the same on all machines. Programs run on one.
_SAME = re.compile(r".*\b(?:file\w*|templatefile|basename)\s*\(\s*\"?(?:\$\{)?$")
_SKIPPED = re.compile(r"\s*(?:#|//|\*|/\*|(?:command|interpreter|program|working_dir|description|error_message)\b)")
_LEFT_OUT = ("provider ", "terraform ")
_CODE = (".tf", ".tf.json")


def find_machine_paths(release: Release) -> Iterator[str]:
    """Yield a remark for each of them, with file and line."""
    for path, file in sorted(release.files.items()):
        if path.endswith(_CODE) and not path.startswith(f"{REMOTE_MODULES_FOLDER}/"):
            text = file.data.decode(errors="replace")
            for line, found in _search_code(text) if _PATH.search(text) else ():
                means = "is another path on each machine, and a value with it differs in each plan"
                yield f"{path}:{line}: {found} {means}; write the text itself, or a variable"


def _search_code(text: str) -> Iterator[tuple[int, str]]:
    for number, line in skip_blocks(text, _LEFT_OUT):
        if not _SKIPPED.match(line):
            code = COMMENT.split(line)[0]
            yield from (
                (number, f"{match[0]}…)" if match[0].endswith("(") else match[0])
                for match in _PATH.finditer(code)
                if not _SAME.match(code[: match.start()])
            )
