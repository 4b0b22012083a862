"""The release that a person names."""

from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem, UsageError
from envctl.domain.ledger.release_names import MIN_COMMIT_PREFIX, MIN_ID_PREFIX, find_named_releases, is_request_name
from envctl.domain.ledger.state import LedgerState, to_label
from envctl.domain.release_label import format_label

MAX_CANDIDATES = 5


def find_release(present: LedgerState, name: str) -> str:
    """Return the id of the release with this name: any part from the beginning of its id or commit, or `#42`, the
    number of its pull or merge request. Raises UsageError (E003) unless exactly one has it.
    """
    found = find_named_releases(present, name)
    if len(found) == 1:
        return found[0].release
    if not found:
        raise UsageError(Problem("E003", _describe_unknown(name), format_command("releases")))
    labels = [format_label(to_label(known)) for known in found]
    rest = len(labels) - MAX_CANDIDATES
    listed = "\n".join((*labels[:MAX_CANDIDATES], *([f"and {rest} more"] if rest > 0 else [])))
    message = f"{name!r} names {len(found)} releases:\n{listed}"
    raise UsageError(Problem("E003", message, f"name one by its id: {format_command('releases')}"))


def _describe_unknown(name: str) -> str:
    if is_request_name(name):
        return f"no release was made from the pull or merge request {name}"
    short = len(name) < MIN_ID_PREFIX
    needed = f": {MIN_ID_PREFIX} characters of its id are needed, or {MIN_COMMIT_PREFIX} of its commit" if short else ""
    return f"no release is named {name!r}{needed}"
