"""One root module that calls the modules of all stacks of a project: what Terraform chooses for it suits each of them.

It is never planned, and so it has no settings, no backend and no credentials.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from envctl.domain.release.contents import File, Release
from envctl.domain.release.remote_modules import decode, encode, entry, manifest
from envctl.domain.terraform.workdir_names import CODE

NAME = "every-stack"
"""The stack that it is laid out as."""

PLACE = ".provider-lock"
"""The environment that it is laid out in: no environment can have that name."""


def root_module(releases: Mapping[str, Release], configured: Collection[str]) -> bytes:
    """`releases` are by what they were made for. `configured` are providers that every root module has, be it that no
    module needs them.
    """
    terraform: dict[str, Any] = {}
    modules: dict[str, Any] = {}
    required: dict[str, Any] = {}
    for wiring in (release.wiring for release in releases.values()):
        if wiring.terraform:
            terraform["required_version"] = wiring.terraform
        for name, provider in wiring.providers.items():
            required |= {name: {k: provider[k] for k in ("source", "version") if k in provider}}
    for stack, (made_for, release) in _stacks(releases).items():
        # Terraform counts them, and never looks at their values.
        values = {variable.name: None for variable in release.wiring.schema[stack] if not variable.has_default}
        source = f"../{CODE}/{_folder(made_for)}/{release.wiring.stacks[stack].module}"
        modules[stack] = {"source": source, **values}
    if sourced := {name: each for name, each in required.items() if "source" in each}:
        terraform["required_providers"] = sourced
    providers: dict[str, dict[str, object]] = {name: {} for name in {*required, *configured}}
    document = {"terraform": terraform, "module": modules, **({"provider": providers} if providers else {})}
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def code(releases: Mapping[str, Release]) -> dict[str, File]:
    """Each release in a folder of its own: what one carries, another one may carry otherwise."""
    return {
        f"{_folder(made_for)}/{path}": file
        for made_for, release in releases.items()
        for path, file in release.with_lock(None).files.items()
    }


def record(releases: Mapping[str, Release]) -> bytes:
    """Terraform's record of the modules that are called by an address; empty where none is."""
    entries = []
    for stack, (made_for, release) in _stacks(releases).items():
        there = f"../{CODE}/{_folder(made_for)}/"
        told = manifest(release.wiring, stack)
        for key, source, version, folder in decode(told) if told else ():
            if key:
                named = source.replace(f"../{CODE}/", there, 1) if key == stack else source
                entries.append(entry(key, named, version, folder.replace(f"../{CODE}/", there, 1)))
    return encode([entry("", "", "", "."), *entries]) if entries else b""


def _stacks(releases: Mapping[str, Release]) -> dict[str, tuple[str, Release]]:
    """Each once: one that several environments beside the pipeline have is the same in all."""
    found: dict[str, tuple[str, Release]] = {}
    for made_for, release in releases.items():
        for stack in release.wiring.stacks:
            found.setdefault(stack, (made_for, release))
    return found


def _folder(made_for: str) -> str:
    return made_for or ".pipeline"
