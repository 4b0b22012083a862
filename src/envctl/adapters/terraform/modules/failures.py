"""Failures of `terraform get` as problems, with the location of the module call."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from envctl.adapters.terraform.diagnostics.causes import FailureCause
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, OperationFailedError, Problem
from envctl.domain.release.remote_modules import redact_credentials

FETCHING = re.compile(r"\s*Downloading \S.* for (\S+?)\.\.\.\s*")
FETCHED = re.compile(r"\s*- (\S+) in .*\s*")
_BLOCK = re.compile(r"^(Error|Warning): ", re.MULTILINE)
_PARTS = re.compile(
    r"\A(?P<summary>[^\n]+)\n\n(?:  on (?P<file>.+?) line (?P<line>\d+)[^\n]*\n(?:[^\n]+\n)*\n)?(?P<detail>.*)\Z",
    re.DOTALL,
)
_INSTALLED = re.compile(r"\.terraform/modules/([\w.-]+)")
_ADDRESS = re.compile(r"\bmodule((?:\.(?:module\.)?[\w-]+)+)")
_MODULE_NAME = re.compile(r"\bmodule \"([\w-]+)\"", re.IGNORECASE)
_NOISE = re.compile(
    r" \((?:from )?[^()\s]+:\d+\)|.*source code from \"[^\"]*\": |error downloading '[^']*': "
    r"|\S*/git exited with \d+: |Cloning into '[^']*'\.\.\. "
)


_CAUSES = (
    FailureCause(
        "E340",
        re.compile(
            r"no such host|connection refused|connection reset|could not resolve host|failed to connect|time[d-]? ?out"
            r"|deadline exceeded|unreachable|proxyconnect|TLS handshake|x509|certificate|bad response code: 5",
            re.IGNORECASE,
        ),
        "check the network and the proxy; an exact version, or a commit, is downloaded only once",
    ),
    FailureCause(
        "E341",
        re.compile(r"\A(?:Module not found|Unresolvable module version constraint|Module has no versions)"),
        "correct its source or its version",
    ),
    FailureCause("E111", re.compile(r"\A(?:Invalid .*(?:source|version)|Unknown module source)"), "correct its source"),
    FailureCause(
        "E342", re.compile(r"must be available and on the PATH"), "install it: Terraform needs it to fetch this code"
    ),
    FailureCause(
        "E342",
        re.compile(r"\A(?:Failed to (?:download|expand)|Error accessing|Unreadable module|Local module path)"),
        "correct the address or its ref, or give git or Terraform its credentials for it",
    ),
)
_UNKNOWN_CAUSE = FailureCause(
    "E305", re.compile(""), "nothing was changed; correct the cause and run the command again"
)


@dataclass(frozen=True)
class CallSites:
    at: Mapping[str, Location]  # by key, in the project
    folders: Mapping[str, str] = field(default_factory=dict)  # keys by the folder of code fetched earlier
    prefix: str = ""  # the beginning of keys that Terraform does not know
    name_project_file: Callable[[str], str] = lambda _: ""  # path in the project; empty for fetched code

    def find_location(self, key: str) -> Location | None:
        """Return the location of the nearest call in the project: calls below it are in third-party code."""
        while key and key not in self.at:
            key = key.rpartition(".")[0]
        return self.at.get(key)

    def find_key(self, text: str) -> str:
        """Return the key of the module in the message; empty if unknown."""
        if installed := _INSTALLED.search(text):
            return f"{self.prefix}{installed[1]}"
        if keys := [key for folder, key in self.folders.items() if f"{folder}/" in text]:
            return keys[0]
        address = _ADDRESS.search(text)
        return f"{self.prefix}{address[1].replace('.module.', '.').removeprefix('.')}" if address else ""


def to_fetch_error(output: str, called: CallSites, unfinished: Sequence[str]) -> EnvctlError:
    """Convert Terraform's output. `unfinished` lists the keys of downloads begun only: some errors name no module."""
    blocks = _BLOCK.split(output)
    texts = [text for kind, text in zip(blocks[1::2], blocks[2::2], strict=True) if kind == "Error"]
    errors = [_parse_error(text, called) for text in texts]
    keys = [key for key in unfinished if key not in {error.key for error in errors}]
    for index, error in enumerate(errors):
        if not (error.key or error.at) and keys:
            errors[index] = replace(error, key=keys[0], at=called.find_location(keys.pop(0)))
    if not errors:
        message = f"terraform get failed: {redact_credentials(output.strip()) or 'it gave no output'}"
        return OperationFailedError(Problem("E305", message, _UNKNOWN_CAUSE.hint))
    problems = [error.to_problem() for error in errors]
    if all(problem.code == "E111" for problem in problems):
        return ConfigurationError(*problems)
    return OperationFailedError(*problems)


@dataclass(frozen=True)
class _Diagnostic:
    summary: str
    detail: str
    key: str
    at: Location | None

    def to_problem(self) -> Problem:
        text = f"{self.summary}\n{self.detail}"
        cause = next((cause for cause in _CAUSES if cause.pattern.search(text)), _UNKNOWN_CAUSE)
        detail = redact_credentials(_NOISE.sub("", self.detail).strip().rstrip("."))
        message = ": ".join(part for part in (self.key, self.summary, detail) if part)
        return Problem(cause.code, message, cause.hint, self.at)


def _parse_error(text: str, called: CallSites) -> _Diagnostic:
    match = _PARTS.match(text)
    summary, file, line, detail = match.groups("") if match else (text.strip(), "", "", "")
    detail = " ".join(detail.split())
    if file and (path := called.name_project_file(file)):
        at = Location(path, int(line))
        return _Diagnostic(summary, detail, next((key for key, where in called.at.items() if where == at), ""), at)
    key, named = called.find_key(f"{file}\n{detail}"), _MODULE_NAME.search(text)
    if file and key and named:
        # The file belongs to the caller.
        key = f"{key}.{named[1]}"
    return _Diagnostic(summary, detail, key, called.find_location(key))
