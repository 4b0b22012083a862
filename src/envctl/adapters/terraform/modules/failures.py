"""Why the code of modules can't be had: what `terraform get` says, as problems with the place of the call."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from envctl.domain.errors import ConfigurationError, EnvctlError, Location, OperationFailedError, Problem
from envctl.domain.release.remote_modules import shown
from envctl.domain.terraform.workdir_names import CODE

FETCHING = re.compile(r"\s*Downloading \S.* for (\S+?)\.\.\.\s*")
FETCHED = re.compile(r"\s*- (\S+) in .*\s*")
_BLOCK = re.compile(r"^(Error|Warning): ", re.MULTILINE)
_PARTS = re.compile(
    r"\A(?P<summary>[^\n]+)\n\n(?:  on (?P<file>.+?) line (?P<line>\d+)[^\n]*\n(?:[^\n]+\n)*\n)?(?P<detail>.*)\Z",
    re.DOTALL,
)
_NAMES = ("summary", "file", "line", "detail")
_CODE = f"../{CODE}/"
_INSTALLED = re.compile(r"\.terraform/modules/([\w.-]+)")
_ADDRESS = re.compile(r"\bmodule((?:\.(?:module\.)?[\w-]+)+)")
_NAMED = re.compile(r"\bmodule \"([\w-]+)\"", re.IGNORECASE)
_NOISE = re.compile(
    r" \((?:from )?[^()\s]+:\d+\)|.*source code from \"[^\"]*\": |error downloading '[^']*': "
    r"|\S*/git exited with \d+: |Cloning into '[^']*'\.\.\. "
)


@dataclass(frozen=True)
class _Cause:
    code: str
    pattern: re.Pattern[str]
    hint: str


_CAUSES = (
    _Cause(
        "E340",
        re.compile(
            r"no such host|connection refused|connection reset|could not resolve host|failed to connect|time[d-]? ?out"
            r"|deadline exceeded|unreachable|proxyconnect|TLS handshake|x509|certificate|bad response code: 5",
            re.IGNORECASE,
        ),
        "check the network and the proxy; an exact version, or a commit, is fetched once and then kept",
    ),
    _Cause(
        "E341",
        re.compile(r"\A(?:Module not found|Unresolvable module version constraint|Module has no versions)"),
        "correct its source or its version",
    ),
    _Cause("E111", re.compile(r"\A(?:Invalid .*(?:source|version)|Unknown module source)"), "correct its source"),
    _Cause("E342", re.compile(r"must be available and on the PATH"), "install it: Terraform fetches such code with it"),
    _Cause(
        "E342",
        re.compile(r"\A(?:Failed to (?:download|expand)|Error accessing|Unreadable module|Local module path)"),
        "correct the address or its ref, or give git, or Terraform, what it needs to log in there",
    ),
)
_OTHERWISE = _Cause("E305", re.compile(""), "nothing was changed; correct the cause and run the command again")


@dataclass(frozen=True)
class Called:
    """`at` tells for keys where in the project the address stands that leads there, `folders` for folders of code that
    was not fetched which key each belongs to.
    """

    at: Mapping[str, Location]
    folders: Mapping[str, str] = field(default_factory=dict)

    def place(self, key: str) -> Location | None:
        """The nearest one above it: what is below is in somebody else's code."""
        while key and key not in self.at:
            key = key.rpartition(".")[0]
        return self.at.get(key)

    def key(self, said: str) -> str:
        """Of the module that is spoken of, where that can be told."""
        if installed := _INSTALLED.search(said):
            return installed[1]
        if there := [key for folder, key in self.folders.items() if f"{folder}/" in said]:
            return there[0]
        address = _ADDRESS.search(said)
        return address[1].replace(".module.", ".").removeprefix(".") if address else ""


def failure(said: str, called: Called, unfinished: Sequence[str]) -> EnvctlError:
    """`said` are Terraform's errors, and `unfinished` the keys of what it began to fetch and did not get: some errors
    do not say what they are about.
    """
    errors = [_read(text, called) for text in _errors(said)]
    left = [key for key in unfinished if key not in {error.key for error in errors}]
    for at, error in enumerate(errors):
        if not (error.key or error.at) and left:
            errors[at] = replace(error, key=left[0], at=called.place(left.pop(0)))
    if not errors:
        message = f"terraform get failed: {shown(said.strip()) or 'it said nothing'}"
        return OperationFailedError(Problem("E305", message, _OTHERWISE.hint))
    problems = [error.problem() for error in errors]
    if all(problem.code == "E111" for problem in problems):
        return ConfigurationError(*problems)
    return OperationFailedError(*problems)


@dataclass(frozen=True)
class _Error:
    summary: str
    detail: str
    key: str
    at: Location | None

    def problem(self) -> Problem:
        said = f"{self.summary}\n{self.detail}"
        cause = next((cause for cause in _CAUSES if cause.pattern.search(said)), _OTHERWISE)
        told = shown(_NOISE.sub("", self.detail).strip().rstrip("."))
        return Problem(
            cause.code, ": ".join(part for part in (self.key, self.summary, told) if part), cause.hint, self.at
        )


def _errors(said: str) -> Iterator[str]:
    parts = _BLOCK.split(said)
    yield from (text for kind, text in zip(parts[1::2], parts[2::2], strict=True) if kind == "Error")


def _read(text: str, called: Called) -> _Error:
    match = _PARTS.match(text)
    summary, file, line, detail = (match[name] or "" for name in _NAMES) if match else (text.strip(), "", "", "")
    detail = " ".join(detail.split())
    if file.startswith(_CODE):
        at = Location(file.removeprefix(_CODE), int(line))
        return _Error(summary, detail, next((key for key, where in called.at.items() if where == at), ""), at)
    key, named = called.key(f"{file}\n{detail}"), _NAMED.search(text)
    if file and key and named:
        # It is the caller that the file belongs to.
        key = f"{key}.{named[1]}"
    return _Error(summary, detail, key, called.place(key))
