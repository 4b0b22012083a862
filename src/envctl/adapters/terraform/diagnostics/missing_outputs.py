"""A plan that fails since a stack which it reads does not put out yet what it reads: known by where it failed."""

import re
from dataclasses import replace

from envctl.adapters.disk.reading import read_text
from envctl.adapters.terraform.process.json_events import Diagnostic, Transcript
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import Problem, UpstreamBehindError
from envctl.domain.terraform.workdir_names import MAIN

_READS = re.compile(r"data\.terraform_remote_state\.([\w-]+)\.outputs")


def upstream_behind(transcript: Transcript, site: Site, problems: list[Problem]) -> UpstreamBehindError | None:
    """Where everything that is wrong is wrong with what is read of other stacks."""
    read = [_read(diagnostic, site) for diagnostic in transcript.errors]
    if not read or not all(read):
        return None
    stacks = tuple(dict.fromkeys(name for names in read for name in names))
    hint = f"where {' and '.join(stacks)} will put that out, deploy it first, or together: --with-upstream"
    return UpstreamBehindError(stacks, *(replace(each, hint=hint) for each in problems))


def _read(diagnostic: Diagnostic, site: Site) -> list[str]:
    if diagnostic.file != MAIN or diagnostic.line is None:
        return []
    lines = read_text(site.directory / MAIN).splitlines()
    return _READS.findall(lines[diagnostic.line - 1]) if diagnostic.line <= len(lines) else []
