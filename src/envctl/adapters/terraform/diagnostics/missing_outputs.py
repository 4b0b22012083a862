"""Plans failed on a missing output of another stack, recognized by the failed line of the root module."""

import re
from dataclasses import replace

from envctl.adapters.disk.files import read_text
from envctl.adapters.terraform.process.json_events import Diagnostic, Transcript
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import Problem, UpstreamBehindError
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE

_READS = re.compile(r"data\.terraform_remote_state\.([\w-]+)\.outputs")


def find_upstream_error(transcript: Transcript, site: Site, problems: list[Problem]) -> UpstreamBehindError | None:
    """Return the error if all problems come from reading other stacks; None otherwise."""
    found = [_find_read_stacks(diagnostic, site) for diagnostic in transcript.errors]
    if not found or not all(found):
        return None
    stacks = tuple(dict.fromkeys(name for names in found for name in names))
    hint = f"if {' and '.join(stacks)} will have this output, deploy it first, or together: --with-upstream"
    return UpstreamBehindError(stacks, *(replace(each, hint=hint) for each in problems))


def _find_read_stacks(diagnostic: Diagnostic, site: Site) -> list[str]:
    if site.stack.root or diagnostic.file != ROOT_MODULE_FILE or diagnostic.line is None:
        return []
    lines = read_text(site.directory / ROOT_MODULE_FILE).splitlines()
    return _READS.findall(lines[diagnostic.line - 1]) if diagnostic.line <= len(lines) else []
