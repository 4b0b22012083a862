"""The root module for locking providers: it calls the modules of all stacks, and its provider versions suit each stack.

It is never planned, and has no settings, backend or credentials. The one for fetching modules is of the same kind.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from envctl.domain.release import remote_modules
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.rendering import root_module
from envctl.domain.release.wiring import Wiring
from envctl.domain.terraform.workdir_names import CODE_FOLDER

STACK_NAME = "every-stack"
"""Its folder name in place of a stack."""
ENVIRONMENT_NAME = ".provider-lock"
"""Its folder name in place of an environment; invalid as the name of one."""
_PIPELINE_FOLDER = ".pipeline"


def render_lockfile_root(releases: Mapping[str, Release], configured: Collection[str]) -> bytes:
    """Return the root module as JSON.

    `releases` are keyed by their target: `""` for the pipeline, or an environment beside it. `configured` are providers
    of every root module, needed by a module or not.
    """
    terraform: dict[str, Any] = {}
    modules: dict[str, Any] = {}
    required: dict[str, Any] = {}
    aliases: dict[str, None] = {}
    for wiring in (release.wiring for release in releases.values()):
        if wiring.terraform:
            terraform["required_version"] = wiring.terraform
        for name, provider in wiring.providers.items():
            required |= {name: {k: provider[k] for k in ("source", "version") if k in provider}}
    for stack, (made_for, release) in _index_stacks(releases).items():
        # Terraform requires the arguments, but `init` evaluates none.
        folder = release.wiring.to_bundle_path(release.wiring.stacks[stack].module)
        source = f"../{CODE_FOLDER}/{made_for or _PIPELINE_FOLDER}/{folder}"
        modules[stack] = render_call(release.wiring, stack, source)
        aliases |= dict.fromkeys(release.wiring.stacks[stack].aliases)
    if sourced := {name: each for name, each in required.items() if "source" in each}:
        terraform["required_providers"] = sourced
    providers = render_configurations({*required, *configured}, aliases)
    document = {"terraform": terraform, "module": modules, **({"provider": providers} if providers else {})}
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def render_call(wiring: Wiring, stack: str, source: str) -> dict[str, Any]:
    """Return a call of the module of a stack, with the arguments and aliases that Terraform requires of each call."""
    values = {variable.name: None for variable in wiring.schema[stack] if not variable.has_default}
    passed = {name: name for name in wiring.stacks[stack].aliases}
    return {"source": source, **values, **({"providers": passed} if passed else {})}


def render_configurations(names: Collection[str], aliases: Collection[str]) -> dict[str, Any]:
    """Return the `provider` blocks without arguments: of providers by local name, and of aliases like `aws.dns`."""
    providers: dict[str, Any] = {name: {} for name in names}
    for name in sorted(aliases):
        base, _, alias = name.partition(".")
        known = providers.setdefault(base, {})
        providers[base] = [*(known if isinstance(known, list) else [known]), {"alias": alias}]
    return providers


def collect_code(releases: Mapping[str, Release]) -> dict[str, File]:
    """Return the files of all releases, each release in its own folder: versions of a module may differ."""
    return {
        f"{made_for or _PIPELINE_FOLDER}/{path}": file
        for made_for, release in releases.items()
        for path, file in release.with_lock(None).bundled_files.items()
    }


def merge_module_records(releases: Mapping[str, Release]) -> bytes:
    """Return `modules.json` for the remote modules of all stacks; empty without any."""
    entries = []
    for stack, (made_for, release) in _index_stacks(releases).items():
        prefix = f"../{CODE_FOLDER}/{made_for or _PIPELINE_FOLDER}/"
        # Here, a root module that runs as it is is called like a module.
        called = replace(release.wiring.stacks[stack], root_code=None)
        wiring = replace(release.wiring, stacks={**release.wiring.stacks, stack: called})
        data = root_module.render_module_record(wiring, stack)
        for key, source, version, folder in remote_modules.decode_module_record(data) if data else ():
            if key:
                moved = source.replace(f"../{CODE_FOLDER}/", prefix, 1) if key == stack else source
                entries.append(
                    remote_modules.to_record_entry(key, moved, version, folder.replace(f"../{CODE_FOLDER}/", prefix, 1))
                )
    return (
        remote_modules.encode_module_record([remote_modules.to_record_entry("", "", "", "."), *entries])
        if entries
        else b""
    )


def _index_stacks(releases: Mapping[str, Release]) -> dict[str, tuple[str, Release]]:
    """Return each stack of Terraform once, with the first release that holds it: a shared one is the same in all."""
    found: dict[str, tuple[str, Release]] = {}
    for made_for, release in releases.items():
        for stack, wired in release.wiring.stacks.items():
            if wired.kubernetes is None:
                found.setdefault(stack, (made_for, release))
    return found
