"""The README of root modules for plain Terraform: the exact commands of each stack."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from posixpath import relpath

from envctl.domain.release.rendering.plain_roots import PlainStack
from envctl.domain.terraform.outputs import StackInput

_INTRODUCTION = """\
# {project}

Root modules for plain Terraform, written by `envctl eject`. Their states are where envctl kept them.
Terraform {version}is needed, and the same credentials as before.

- Each environment has a folder, and each stack a folder in it. Change them in the order of this page.
- `main.tf` calls the modules in `code/`. `place.tf.json` has the backend and the providers.
- Stacks marked with * keep their own code. The files that begin with `zzz_` are added: the override file has the
  backend and the providers of the environment, and the settings file its values.
- Use either Terraform in these folders, or envctl in its project: envctl records nothing of what happens here.
"""


def render_readme(
    project: str, version: str, environments: Mapping[str, Sequence[PlainStack]], releases: Mapping[str, str]
) -> str:
    """Return the page. `releases` names the release of each environment."""
    parts = [_INTRODUCTION.format(project=project, version=f"`{version}` " if version else "")]
    for environment, stacks in environments.items():
        parts.append(f"## {environment}\n\nThe code is that of {releases[environment]}.\n")
        folders = {stack.name: stack.folder for stack in stacks}
        parts += ["\n".join(_describe_stack(stack, folders)) for stack in stacks]
    return "\n".join(parts)


def _describe_stack(stack: PlainStack, folders: Mapping[str, str]) -> Iterator[str]:
    yield f"### {stack.name}{' *' if stack.is_root else ''}\n"
    if stack.variables:
        yield f"Sensitive values are in no file: set {', '.join(f'`{name}`' for name in stack.variables)}.\n"
    yield "```sh"
    yield from list_commands(stack, folders)
    yield "```\n"


def list_commands(stack: PlainStack, folders: Mapping[str, str]) -> Iterator[str]:
    """Yield the commands of a plan, from the top of the folder."""
    yield f"cd {shlex.quote(stack.folder)}"
    if stack.workspace:
        yield f"export TF_WORKSPACE={shlex.quote(stack.workspace)}"
    yield from (f"export TF_VAR_{name}=…" for name in stack.variables)
    for each in stack.inputs:
        yield f'export TF_VAR_{each.variable}="$({_read_output(each, relpath(folders[each.stack], stack.folder))})"'
    yield "terraform init"
    yield "terraform plan"


def _read_output(wanted: StackInput, folder: str) -> str:
    is_text = wanted.type_text.strip() == "string" and not wanted.path
    command = f"terraform -chdir={shlex.quote(folder)} output {'-raw' if is_text else '-json'} {wanted.output}"
    if not wanted.path:
        return command
    # A path such as [0] or .name is one of jq too.
    selector = wanted.path if wanted.path.startswith(".") else f".{wanted.path}"
    option = " -r" if wanted.type_text.strip() == "string" else ""
    return f"{command} | jq{option} {shlex.quote(selector)}"
