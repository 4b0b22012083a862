"""Values that belong to one environment, and code and settings of others that name one: they would reach there (E164).
A problem without a code is a remark: an account is often named to grant it something.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from posixpath import normpath

from envctl.domain.config.placeholders import list_placeholder_values
from envctl.domain.config.project import Project
from envctl.domain.config.signing_keys import KEY_FIELDS
from envctl.domain.config.states.backends import BACKENDS, fill_placeholders
from envctl.domain.config.states.state_place import find_stack_keys, resolve_keys
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.kubernetes.workload import LOCAL_CONFIG, VARIABLES_NAME
from envctl.domain.release.bundle import Release
from envctl.domain.release.code_lines import COMMENT, skip_blocks
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.workdir_names import REMOTE_MODULES_FOLDER
from envctl.domain.text.lists import join_names

_ACCOUNT = "the account of {}"
_EXPRESSIONS = {name: f"${{var.{name}}}" for name in ("environment", "project", "region")}
_EXPRESSIONS |= {"env": "${var.environment}", "account_id": "${data.aws_caller_identity.current.account_id}"}
_YAML = (".yaml", ".yml")
_CODE = (".tf", ".json", *_YAML, ".tpl", ".tftpl")
_NEXT = "\n---"
# A number alone says too little.
_EXAMPLE = re.compile(r"""\s+[\w.-]+:\s+["']?([^"'\s]*[-/:][^"'\s]*)["']?\s*$""")
# Comments, labels and descriptions reach nothing.
_SKIPPED = re.compile(r'\s*(?:#|//|\*|/\*|(?:resource|data|module|provider|output)\s+"|description\b|error_message\b)')
_LEFT_OUT = ("terraform ", "variable ")
_WORD = re.compile(r"(?<![.])(?<![\w.-]/)[\w-]+")
# A plain word means many things.
_TELLING = re.compile(r"(?=.*[-/.:\d])([\w-]+)")
_GOES_ON = re.compile(r"[\w-]|\.(?!s3)\w")


def require_own_values(found: Iterable[Problem]) -> None:
    """Raise ConfigurationError (E164) for all that is no remark."""
    if problems := [each for each in found if each.code]:
        raise ConfigurationError(*problems)


def find_in_code(project: Project, release: Release) -> Iterator[Problem]:
    """Yield a problem for each value of one environment in code that runs in others too."""
    own, order, seen = _OwnValues(project), project.pipeline.order, set[tuple[str, str]]()
    examples = _find_examples(release)
    overlays = [normpath(each.overlay) for each in project.stacks.values() if each.overlay and "{" in each.overlay]
    filled = [(name, f"{each.format(environment=name)}/") for name in order for each in overlays]
    for path, file in sorted(release.files.items()):
        if not path.endswith(_CODE) or path.startswith(f"{REMOTE_MODULES_FOLDER}/"):
            continue
        alone = [name for name, overlay in filled if f"{path}/".startswith(overlay)]
        code, is_yaml = file.data.decode(errors="replace"), path.endswith(_YAML)
        names = {} if is_yaml else _EXPRESSIONS
        for line, text in own.search_code(path, _blank_examples(code, examples) if is_yaml else code):
            if (path, text) not in seen:
                seen.add((path, text))
                yield from own.describe(text, alone or order, "the code of {}", names, Location(path, line))


def _find_examples(release: Release) -> frozenset[str]:
    """Return the examples of the variables of Kubernetes objects: envctl puts other texts wherever one stands."""
    codes = (file.data.decode(errors="replace") for path, file in release.files.items() if path.endswith(_YAML))
    lines = (line for code in codes for part in code.split(_NEXT) if _is_example(part) for line in part.splitlines())
    return frozenset(found[1] for line in lines if (found := _EXAMPLE.match(line)))


def _is_example(document: str) -> bool:
    return f"name: {VARIABLES_NAME}\n" in document and LOCAL_CONFIG in document


def _blank_examples(code: str, examples: Collection[str]) -> str:
    """Return YAML without documents of examples, and without their texts elsewhere. Lines keep their numbers."""
    parts = ("\n" * part.count("\n") if _is_example(part) else part for part in code.split(_NEXT))
    lines = _NEXT.join(parts).split("\n")
    return "\n".join("" if line.rpartition(" ")[2].strip("\"'") in examples else line for line in lines)


def find_in_settings(project: Project, settings: EnvironmentSettings) -> Iterator[Problem]:
    """Yield a problem for each value of another environment in the settings of one."""
    own, here = _OwnValues(project), settings.environment
    for each in settings.settings:
        is_own = not each.sensitive and each.origin in ("file", "default", "set")
        for text in own.search_text(json.dumps(each.value)) if is_own else ():
            names = list_placeholder_values(project, here)
            yield from own.describe(text, (here,), f"{each.name} of {{}}", names, each.location)


class _OwnValues:
    """The values that belong to exactly one environment each: its name, what the value is, its template and stack."""

    def __init__(self, project: Project) -> None:
        self.environments = project.environments
        known: dict[str, dict[str, tuple[str, str, str]]] = {}
        for environment in project.all_environments if len(project.environments) > 1 else ():
            for what, template, stack, text in _list_values(project, environment):
                known.setdefault(text, {})[environment] = what, template, stack
        self.values: dict[str, tuple[str, tuple[str, str, str]]] = {}
        self.by_word: dict[str, list[str]] = {}
        for text in sorted(known.keys() - {*project.environments}, key=len, reverse=True):
            owner, value = next(iter(known[text].items()))
            # Accounts beside the pipeline are there for all: of tools, logs, an organization.
            is_of_all = len(known[text]) > 1 or (value[0] == _ACCOUNT and owner not in project.order.order)
            if not is_of_all and (word := _TELLING.match(text)):
                self.values[text] = owner, value
                self.by_word.setdefault(word[1], []).append(text)

    def search_text(self, text: str) -> list[str]:
        """Return the values in a text; none if it names those of several environments, as a choice between them."""
        found = [value for word in _WORD.finditer(text) for value in self._match_values(text, word)]
        return found if len({self.values[each][0] for each in found}) == 1 else []

    def _match_values(self, text: str, word: re.Match[str]) -> Iterator[str]:
        for value in self.by_word.get(word[0], ()):
            if text.startswith(value, word.start()) and not _GOES_ON.match(text, word.start() + len(value)):
                yield value
                return

    def search_code(self, path: str, code: str) -> Iterator[tuple[int, str]]:
        """Yield the values in code, with their lines. A choice between environments ends with its block or an empty
        line. `[state]` replaces what `terraform` blocks say, and defaults of variables are settings: both are left out.
        """
        if not any(word in code for word in self.by_word):
            return
        if path.endswith(".tf.json"):
            with suppress(ValueError, AttributeError):
                for kind, body in json.loads(code).items():
                    for text in self.search_text(json.dumps(body)) if f"{kind} " not in _LEFT_OUT else ():
                        yield code.count("\n", 0, code.find(text)) + 1, text
            return
        part = list[tuple[int, str]]()
        # An empty line ends the last part.
        for number, line in (*skip_blocks(code, _LEFT_OUT), (0, "")):
            if not line.strip() or line.startswith(("---", "}")):
                if self.search_text("\n".join(each for _, each in part)):
                    yield from ((at, value) for at, each in part for value in self.search_text(each))
                part = []
            elif not _SKIPPED.match(line):
                part.append((number, COMMENT.split(line)[0]))

    def describe(
        self, text: str, environments: Sequence[str], where: str, names: Mapping[str, str], at: Location | None
    ) -> Iterator[Problem]:
        """Yield a problem if some of the environments may not name the value. `names` fill its template."""
        owner, (what, template, stack) = self.values[text]
        sections = {name: self.environments[name] for name in environments if name != owner}
        wrong = [n for n, each in sections.items() if owner not in each.reads and text not in each.other_accounts]
        if not wrong:
            return
        right = f'write "{fill_placeholders(template, {**names, "stack": stack})}"'
        advice = right if names and "{" in template else "name that of each environment, by a variable"
        hint = f'{advice}; if that is meant, add reads = ["{owner}"] to '
        hint += join_names([f"[environments.{each}]" for each in wrong])
        message = f"{where.format(join_names(wrong))} names {text}: {what.format(owner)}"
        yield Problem("" if what == _ACCOUNT else "E164", message, hint, at)


def _list_values(project: Project, environment: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield what a value is, its template in the project file, its stack, and the value."""
    there, state = project.environments[environment], project.state
    if account := there.account_id or "".join((there.assume_role or "").split(":")[4:5]):
        yield _ACCOUNT, "{account_id}", "", account
    signing = (getattr(there, field) for field in KEY_FIELDS.values())
    yield from (("a signing key of {}", "", "", key) for key in signing if key)
    for name, stack in project.view_for(environment).stacks.items():
        if context := stack.kubeconfig_context:
            filled = fill_placeholders(context, list_placeholder_values(project, environment))
            yield f"the context of {name} in {{}}", context, name, str(filled)
        if stack.is_kubernetes or state.backend == "local":
            continue
        kind, keys = BACKENDS[state.backend], resolve_keys(project, environment, name)
        said = {kind.place_key: kind.default_place, "bucket": state.bucket, **state.backend_keys}
        said |= find_stack_keys(project, name)
        for key in kind.identity_keys:
            if isinstance(value := keys.get(key), str):
                what = f"the state of {name} in {{}}" if key == kind.place_key else f"the {key} of the states of {{}}"
                yield what, str(said.get(key, "")), name, value
