"""What GitHub's runner and GitLab take from the lines of a log, after their own rules.

GitHub: actions/runner, `ActionCommand.TryParseV2` and `TryParse`, and `ActionCommandManager.TryProcessCommand`.
GitLab: `build_trace_section_regex`, without the end of the line that it also asks for.
"""

import re
from dataclasses import dataclass, field

COMMANDS = frozenset(
    {"add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice"}
    | {"internal-set-repo-path", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning"}
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_SECTION = re.compile(r"section_(?:start|end):\d+:[\w.-]+")


def parse_command(line: str, names: frozenset[str]) -> tuple[str, str] | None:
    """Return the name and the data of a command of these names."""
    text = line.lstrip()
    if text.startswith("::") and (end := text.find("::", 2)) >= 0:
        name = text[2:end].partition(" ")[0].lower()
        if name in names:
            return name, text[end + 2 :]
    if (start := line.find("##[")) >= 0 and (end := line.find("]", start)) >= 0:
        name = line[start + 3 : end].partition(" ")[0].lower()
        if name in names:
            return name, line[end + 1 :]
    return None


@dataclass
class RunnerLog:
    """The log of one step.

    Attributes:
        taken: the lines that were taken as commands, without those that stop and resume them.
        shown: all other lines.
        token: the end of the current stop; empty if commands are taken.
    """

    taken: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    token: str = ""

    def read(self, text: str) -> "RunnerLog":
        for line in _LINE_END.split(text):
            found = parse_command(line, COMMANDS | ({self.token} - {""}))
            if found is None or (self.token and found[0] != self.token):
                self.shown.append(line)
            elif found[0] == self.token:
                self.token = ""
            elif found[0] == "stop-commands":
                self.token = found[1].lower()
            else:
                self.taken.append(line)
        return self


def list_sections(text: str) -> list[str]:
    return _SECTION.findall(text)
