"""Files that envctl writes beside a root module that runs as it is.

They are in HCL: sets of files in the code, such as `fileset(path.module, "*.json")`, must not find them. HCL writes a
nested table as a block or as a value, and only Terraform knows which of them a provider takes. Those that envctl does
not know stay in the JSON syntax, which has one form for both.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from envctl.domain.terraform.hcl_blocks import Expression, NestedBlocks, format_block, format_settings
from envctl.domain.terraform.literals import IDENTIFIER
from envctl.domain.terraform.workdir_names import DECLARATIONS_FILE, JSON_OVERRIDE_FILE, OVERRIDE_FILE, SETTINGS_FILE


class _Shape(NamedTuple):
    """The keys with nested tables of a backend or a provider: those that are blocks, and those that are values."""

    blocks: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()


_ROLES = frozenset({"assume_role", "assume_role_with_web_identity", "endpoints"})
_UNKNOWN = _Shape()
_BACKENDS = {
    "s3": _Shape(values=_ROLES),
    "remote": _Shape(blocks=frozenset({"workspaces"})),
    "kubernetes": _Shape(blocks=frozenset({"exec"})),
}
_PROVIDERS = {"aws": _Shape(blocks=_ROLES | {"default_tags", "ignore_tags"}), "awscc": _Shape(values=_ROLES)}


@dataclass(frozen=True)
class GeneratedFiles:
    """The documents of the files, in Terraform's JSON syntax."""

    override: Mapping[str, Any] = field(default_factory=dict)  # backend and providers, read after all other code
    declarations: Mapping[str, Any] = field(default_factory=dict)  # what envctl declares beside the code
    settings: Mapping[str, Any] = field(default_factory=dict)  # the values of variables; their strings are no templates
    kinds: Mapping[str, str] = field(default_factory=dict)  # the kinds of AWS providers by their local names

    def encode(self) -> dict[str, bytes]:
        """Return the contents of the files by name. Same documents, same bytes."""
        written, rest = _split_override(self.override, self.kinds)
        texts = {
            OVERRIDE_FILE: "\n".join(written),
            DECLARATIONS_FILE: "\n".join(_list_declarations(self.declarations)),
            SETTINGS_FILE: format_settings(dict(sorted(self.settings.items()))),
            JSON_OVERRIDE_FILE: f"{json.dumps(rest, indent=2, sort_keys=True, ensure_ascii=False)}\n" if rest else "",
        }
        return {name: text.encode() for name, text in texts.items() if text}


def list_json_providers(override: Mapping[str, Any], kinds: Mapping[str, str]) -> tuple[str, ...]:
    """Return the providers of an override that HCL can't write."""
    return tuple(sorted(_split_override(override, kinds)[1].get("provider", {})))


def _split_override(
    override: Mapping[str, Any], kinds: Mapping[str, str]
) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """Return the blocks in HCL, and the rest of the document."""
    blocks: list[str] = []
    rest: dict[str, dict[str, Any]] = {}
    for kind, settings in override.get("terraform", {}).get("backend", {}).items():
        if (body := _to_body(settings, _BACKENDS.get(kind, _UNKNOWN))) is not None:
            blocks.append(format_block("terraform", (), {f'backend "{kind}"': NestedBlocks((body,))}))
        else:
            rest["terraform"] = {"backend": {kind: settings}}
    for name, configured in sorted(override.get("provider", {}).items()):
        bodies = [
            _to_body(each, _PROVIDERS.get(kinds.get(name, ""), _UNKNOWN))
            for each in (configured if isinstance(configured, list) else [configured])
        ]
        if None in bodies:
            rest.setdefault("provider", {})[name] = configured
        else:
            blocks += [format_block("provider", (name,), body) for body in bodies if body is not None]
    for name, data in sorted(override.get("data", {}).get("terraform_remote_state", {}).items()):
        blocks.append(format_block("data", ("terraform_remote_state", name), data))
    return [*blocks, *_list_variables(override)], rest


def _list_declarations(document: Mapping[str, Any]) -> Iterator[str]:
    if terraform := document.get("terraform"):
        yield format_block("terraform", (), terraform)
    for pair in document.get("moved", ()):
        yield format_block("moved", (), {name: Expression(address) for name, address in pair.items()})
    yield from _list_variables(document)


def _list_variables(document: Mapping[str, Any]) -> Iterator[str]:
    for name, each in sorted(document.get("variable", {}).items()):
        typed = {"type": Expression(each["type"])} if "type" in each else {}
        yield format_block("variable", (name,), {**each, **typed})


def _to_body(settings: Mapping[str, Any], shape: _Shape) -> dict[str, Any] | None:
    """Return the arguments and nested blocks of a block; None if HCL can't write them."""
    body: dict[str, Any] = {}
    for key, value in sorted(settings.items()):
        if not IDENTIFIER.fullmatch(key):
            return None
        if key in shape.blocks and not _is_plain(value):
            tables = [value] if isinstance(value, Mapping) else list(value)
            if not all(isinstance(table, Mapping) and all(map(IDENTIFIER.fullmatch, table)) for table in tables):
                return None
            body[key] = NestedBlocks(tables)
        elif _is_plain(value) or key in shape.values:
            body[key] = value
        else:
            return None
    return body


def _is_plain(value: object) -> bool:
    """Tell if a value has one form only, in whatever block it is."""
    if isinstance(value, list | tuple):
        return bool(value) and all(_is_plain(each) for each in value)
    return not isinstance(value, Mapping)
