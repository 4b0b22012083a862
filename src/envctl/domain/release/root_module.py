"""One root module a stack, in Terraform's JSON syntax. Same input, same bytes, on every machine."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from envctl.domain.plan.provider_accounts import kind_of, source_of
from envctl.domain.release.contents import StackWiring, Wiring
from envctl.domain.settings.settings import Variable
from envctl.domain.terraform.output_reference import Reference
from envctl.domain.terraform.workdir_names import CODE, SESSION


@dataclass(frozen=True)
class Backend:
    """Where the state of each stack lives. `settings` holds everything but the part that differs by stack. `under`
    names the stacks whose state still lies under another name, each with that name.
    """

    kind: str
    settings: Mapping[str, object]
    environment: str
    under: Mapping[str, str] = field(default_factory=dict)

    def of(self, stack: str) -> dict[str, object]:
        name = f"{self.environment}/{self.under.get(stack, stack)}.tfstate"
        if self.kind == "local":
            # Relative to the stack's working directory, so that no path of a machine is rendered.
            return {**self.settings, "path": f"../../../state/{name}"}
        return {**self.settings, "key": name}


@dataclass(frozen=True)
class Place:
    """What of an environment is rendered: where its resources go, and where its state lives. `regions` are further
    ones, by the names that stacks know them by. `other_accounts` is not rendered: it says what else may be.
    """

    environment: str
    backend: Backend
    account_id: str | None = None
    region: str | None = None
    assume_role: str | None = None
    external_id: str | None = None
    session_tags: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)
    other_accounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class RootModule:
    """`secrets` are the values of sensitive settings, as Terraform variables: they go through the environment alone."""

    stack: str
    document: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        return (json.dumps(self.document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def render(
    wiring: Wiring, stack: str, place: Place, arguments: Mapping[str, object], *, called: str = ""
) -> RootModule:
    """`called` is what the stack was called when its state was written, where that is another name than the wiring
    says.
    """
    wired = wiring.stacks[stack]
    # null is no secret, and no text that a variable of the environment could hold means it.
    sensitive = {v.name: v for v in wiring.schema[stack] if v.sensitive and arguments.get(v.name) is not None}
    plain = {name: literal(value) for name, value in arguments.items() if name not in sensitive}
    inputs = {name: f"${{{Reference.parse(text).expression()}}}" for name, text in wired.inputs.items()}
    secret = {name: f"${{var.{name}}}" for name in sensitive}
    where = render_place(wiring, stack, place)
    document: dict[str, Any] = {
        "terraform": _terraform(wiring, where["backend"]),
        "module": {stack: {"source": f"../{CODE}/{wired.module}", **plain, **inputs, **secret}},
    }
    if before := called or wired.moved_from:
        document["moved"] = [{"from": f"module.{before}", "to": f"module.{stack}"}]
    if where["provider"]:
        document["provider"] = where["provider"]
    if declared := _variables(sensitive, place):
        document["variable"] = declared
    if wired.upstream:
        document["data"] = {"terraform_remote_state": _remote_states(wired, place)}
    if outputs := wiring.outputs.get(stack):
        document["output"] = {name: _output(stack, name, secret=outputs[name]) for name in outputs}
    secrets = {name: environment_value(arguments[name], v.type_text) for name, v in sensitive.items()}
    return RootModule(stack, document, secrets)


def render_place(wiring: Wiring, stack: str, place: Place) -> dict[str, Any]:
    """What of the root module decides where an apply lands: its backend, and the settings of its providers."""
    return {
        "backend": {place.backend.kind: place.backend.of(stack)},
        "provider": _providers(wiring, place, stack),
    }


def literal(value: object) -> object:
    """The value as Terraform's JSON syntax takes it: strings are templates there, so their markers are escaped."""
    match value:
        case str():
            return value.replace("${", "$${").replace("%{", "%%{")
        case Mapping():
            return {literal(str(key)): literal(item) for key, item in value.items()}
        case list() | tuple():
            return [literal(item) for item in value]
        case set() | frozenset():
            return [literal(item) for item in sorted(value, key=repr)]
        case _:
            return value


def _terraform(wiring: Wiring, backend: Mapping[str, object]) -> dict[str, Any]:
    block: dict[str, Any] = {"backend": backend}
    if wiring.terraform:
        block["required_version"] = wiring.terraform
    required = {
        name: {key: provider[key] for key in ("source", "version") if key in provider}
        for name, provider in wiring.providers.items()
        if "source" in provider
    }
    if required:
        block["required_providers"] = required
    return block


def _providers(wiring: Wiring, place: Place, stack: str) -> dict[str, Any]:
    providers: dict[str, Any] = {
        name: {key: literal(value) for key, value in provider.items() if key not in ("source", "version")}
        for name, provider in wiring.providers.items()
    }
    if place.region:
        named = wiring.stacks[stack].region
        where: dict[str, Any] = {"region": place.regions[named] if named else place.region}
        # The same bytes for everybody: who is at work is said when Terraform is started.
        taken = role(place, f"${{var.{SESSION}}}") if place.assume_role else {}
        aws = {**where, "assume_role": [taken]} if taken else dict(where)
        if place.account_id:
            aws["allowed_account_ids"] = [place.account_id]
        # Never the release: it would touch every resource at every promotion.
        tags = {"project": wiring.project, "environment": place.environment, "stack": stack, "managed_by": "envctl"}
        aws["default_tags"] = [{"tags": tags}]
        providers["aws"] = {**aws, **providers.get("aws", {})}
        for name in wiring.providers:
            if kind_of(source_of(name, wiring.providers)) == "awscc":
                # It knows no accounts and no default tags, and has one role as a value.
                providers[name] = {**where, **({"assume_role": taken} if taken else {}), **providers[name]}
    return providers


def list_origins(environment: str, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """The keys of the project file that what is rendered at a path can come from, the nearest first. The path is one of
    a root module, like `provider`, `aws`, `region`.
    """
    rest = path[1:]
    if path[:1] != ("provider",) or not rest:
        return
    for length in range(len(rest), 1, -1):
        yield ("providers", *rest[:length])
    if rest[0] == "aws":
        yield ("environments", environment, _SAID_AS.get(str(rest[1]), "") if len(rest) > 1 else "account_id")
    yield ("providers", rest[0])


_SAID_AS = {"allowed_account_ids": "account_id", "assume_role": "assume_role", "region": "region"}


def role(place: Place, session: str) -> dict[str, object]:
    """How a role is taken, as provider and backend both spell it. How long it lasts is left to them: they take it anew
    before it ends.
    """
    taken: dict[str, object] = {"role_arn": place.assume_role, "session_name": session}
    if place.external_id:
        taken["external_id"] = place.external_id
    if place.session_tags:
        taken["tags"] = dict(place.session_tags)
    return taken


def _variables(sensitive: Mapping[str, Variable], place: Place) -> dict[str, Any]:
    declared: dict[str, Any] = {n: {"type": v.type_text, "sensitive": True} for n, v in sensitive.items()}
    if place.assume_role and place.region:
        declared[SESSION] = {"type": "string", "default": "envctl"}
    return declared


def _remote_states(wired: StackWiring, place: Place) -> dict[str, Any]:
    return {
        upstream: {"backend": place.backend.kind, "config": _reading(place.backend.of(upstream))}
        for upstream in wired.upstream
    }


def _reading(backend: Mapping[str, object]) -> dict[str, object]:
    """A backend's settings for reading alone: what speaks of writing is left out, and what was asked already."""
    left_out = ("use_lockfile", "encrypt", "allowed_account_ids")
    return {key: value for key, value in backend.items() if key not in left_out}


def _output(stack: str, name: str, *, secret: bool) -> dict[str, Any]:
    output: dict[str, Any] = {"value": f"${{module.{stack}.{name}}}"}
    return {**output, "sensitive": True} if secret else output


def environment_value(value: object, type_text: str) -> str:
    """A `TF_VAR_` value: of a primitive type it stands for itself, of any other it is read as an expression."""
    if type_text.strip() in ("string", "number", "bool"):
        return value if isinstance(value, str) else json.dumps(value)
    # JSON is an expression in HCL too, but for two escapes that HCL does not know.
    text = json.dumps(literal(value), ensure_ascii=False)
    return re.sub(r"\\(.)", lambda escape: {"b": "\\u0008", "f": "\\u000c"}.get(escape[1], escape[0]), text)
