"""The count of provider configurations, against Terraform's own graph."""

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from envctl.adapters.terraform.process.binary import find_embedded
from envctl.adapters.terraform.warm.configurations import UncertainError, require_single_configurations
from tests.programs import SYSTEM_PATH

SOURCE = "terraform.io/builtin/terraform"
ALIAS, PROGRAM, CALLED = "has an alias", "runs a program", "called module"
RESOURCE = 'resource "terraform_data" "this" {\n'


def find_reason(root: Mapping[str, str], called: Mapping[str, str] | None = None) -> str:
    """Return why the code is no case for a warm provider; empty if it is one."""
    try:
        require_single_configurations(
            {name: text.encode() for name, text in root.items()},
            [(name, text.encode()) for name, text in (called or {}).items()],
        )
    except UncertainError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("code", "reason"),
    {
        "no provider block": (RESOURCE + "}\n", ""),
        "one block": ('provider "aws" {\n  region = "x"\n}\n', ""),
        "two sources": ('provider "aws" {\n}\nprovider "random" {\n}\n', ""),
        "alias": ('provider "aws" {\n  alias = "x"\n}\n', ALIAS),
        "alias on one line": ('provider "aws" { alias = "x" }', ALIAS),
        "alias behind a brace at the start of a line": ('provider "aws" {\n  a {\n}\n  alias = "x"\n}\n', ALIAS),
        "alias behind a brace in a text": ('provider "aws" {\n  a = "}"\n  alias = "x"\n}\n', ALIAS),
        "alias behind a brace in a comment": ('provider "aws" {\n  # }\n  alias = "x"\n}\n', ALIAS),
        "alias behind a brace in a long comment": ('provider "aws" {\n  /*\n}\n*/ alias = "x"\n}\n', ALIAS),
        "alias behind a template": ('provider "aws" {\n  a = "${{a = "}"}.a}"\n  alias = "x"\n}\n', ALIAS),
        "alias behind an escaped template": ('provider "aws" {\n  a = "$${"\n  alias = "x"\n}\n', ALIAS),
        "label without quotes": ('provider aws {\n  alias = "x"\n}\n', ALIAS),
        "comment before the label": ('provider /* a\n*/ "aws" /**/ {\n  alias = "x"\n}\n', ALIAS),
        "escaped label": ('provider "\\u0061ws" {\n  alias = "x"\n}\n', ALIAS),
        "windows lines": ('provider "aws" {\r\n  alias = "x"\r\n}\r\n', ALIAS),
        "alias of something else": ('provider "aws" {\n}\nresource "a" "b" {\n  alias = "x"\n}\n', ""),
        "alias in a value": ('provider "aws" {\n  a = "alias"\n}\n', ""),
        "commented block": ('# provider "aws" {\n//  alias = "x"\n# }\n', ""),
        "heredoc in a provider": ('provider "aws" {\n  a = <<E\n}\nE\n  alias = "x"\n}\n', "can't be read"),
        "block without an end": ('provider "aws" {\n  a = "', "can't be read"),
        "text without an end": ('provider "aws" {\n  a = "b\n}\n', "can't be read"),
        "local-exec": (RESOURCE + '  provisioner "local-exec" {\n  }\n}\n', PROGRAM),
        "local-exec, escaped": (RESOURCE + '  provisioner "\\u006cocal-exec" {\n  }\n}\n', PROGRAM),
        "local-exec without quotes": (RESOURCE + "  provisioner local-exec {\n  }\n}\n", PROGRAM),
        "a provisioner of a plugin": (RESOURCE + '  provisioner "chef" {\n  }\n}\n', PROGRAM),
        "remote-exec": (RESOURCE + '  provisioner "remote-exec" {\n  }\n}\n', ""),
        "file": (RESOURCE + '  provisioner "file" {\n  }\n}\n', ""),
        "state store": ('terraform {\n  state_store "a" {\n    provider "aws" {}\n  }\n}\n', "state_store"),
    }.values(),
)
def test_code_of_root_module_decides(code: str, reason: str) -> None:
    found = find_reason({"main.tf": code})
    assert (reason in found) if reason else not found


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ('{"provider": {"aws": {"region": "x"}}}', ""),
        ('{"provider": {"aws": {"alias": "x"}}}', ALIAS),
        ('{"provider": {"\\u0061ws": [{}, {"\\u0061lias": "x"}]}}', ALIAS),
        ('{"provider": [{"aws": {}}, {"aws": {"alias": "x"}}]}', ALIAS),
        ('[{"provider": {"aws": {}}}, {"provider": [[{"aws": [{"alias": "x"}]}]]}]', ALIAS),
        ('{"provider": {"aws": {}, "aws": {"alias": "x"}}}', "repeats a key"),
        ('{"provider": "aws"}', "can't be read"),
        ('{"provider": null}', ""),
        ("{", "can't be read"),
        pytest.param("[" * 100_000, "can't be read", id="deep"),
        ('{"resource": {"a": {"b": {"provisioner": {"local-exec": {}}}}}}', PROGRAM),
        ('{"resource": {"a": {"b": {"provisioner": [{"file": {}}, {"chef": {}}]}}}}', PROGRAM),
        ('{"resource": {"a": {"b": {"provisioner": {"file": {}}}}}}', ""),
        ('{"resource": {"a": {"b": {"provisioner": "ebs.csi.aws.com"}}}}', ""),
        ('{"terraform": {"state_store": {"a": {}}}}', "state_store"),
    ],
)
def test_json_code_decides(document: str, reason: str) -> None:
    found = find_reason({"main.tf.json": document})
    assert (reason in found) if reason else not found


@pytest.mark.parametrize(
    ("name", "code"),
    [("a.tf", 'provider "aws" {}'), ("a.tf", "provider aws{}"), ("a.tf.json", '{"provider": {"aws": {}}}')],
)
def test_provider_of_called_module_is_refused(name: str, code: str) -> None:
    assert CALLED in find_reason({"main.tf": ""}, {name: code})


def test_provisioner_of_called_module_is_refused() -> None:
    assert PROGRAM in find_reason({}, {"a.tf": RESOURCE + '  provisioner "local-exec" {\n  }\n}\n'})


def test_called_module_without_provider_passes() -> None:
    assert not find_reason({"main.tf": ""}, {"a.tf": RESOURCE + "}\n", "b.tf.json": "{}"})


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", ["provider " + "/**/ " * 5000, "provider " * 20_000, 'provider "a" /*' * 5000])
def test_search_of_any_text_ends_soon(text: str) -> None:
    find_reason({"main.tf": text})


# Code of the built-in provider, which Terraform does not start: its graph names each configuration.

NOISE = (
    'a = "}"',
    'b = "{"',
    'c = "\\"}"',
    'd = "${ { "k" = "}" }["k"] }"',
    'e = "$${ %%{ }"',
    'e2 = "$$${"',
    'f = "%{ if true }}%{ endif }"',
    "g {\n}",
    "h {\n  i = {\n}\n}",
    "# }",
    "// } {",
    "/* } */",
    "/*\n}\n*/",
    "j = [\n  1, # ]\n]",
    'k = "a // b # c /* d"',
    "l = <<-E\n    }\n    E",
    'm = "é ${ "x" /* " */ } \\u00e9"',
)
NAMES = ("first", "second")
ALIAS_FORMS = ('alias = "{}"', 'alias="{}"', 'alias /* = */ = "{}" # of it', '\talias\t= "{}"')
KEYWORDS = ("provider", "provider /* \n */", "provider\t")
LABELS = ('"terraform"', "terraform", '"terr\\u0061form"', '/* "a" */ "terraform"')
DECOYS = (
    "",
    '# provider "terraform" {\n#   alias = "none"\n# }\n',
    '/*\nprovider "terraform" {\n  alias = "none"\n}\n*/\n',
    'locals {\n  text = <<E\nprovider "terraform" {\n  alias = "none"\n}\nE\n}\n',
    'locals {\n  odd = "/*"\n}\n',
    'locals {\n  odd = <<E\n/* "\n  # E\nE\n}\n',
)
CALL = 'module "child" {\n  source = "./child"\n}\n'
INNER = 'module "inner" {\n  source = "../inner"\n}\n'


@st.composite
def provider_blocks(draw: st.DrawFn, alias: str) -> str:
    """Draw a block of the built-in provider; an empty `alias` is the default configuration."""
    head = f"{draw(st.sampled_from(KEYWORDS))} {draw(st.sampled_from(LABELS))} {{"
    named = draw(st.sampled_from(ALIAS_FORMS)).format(alias) if alias else ""
    if alias and "#" not in named and draw(st.booleans()):
        return f"{head} {named} }}\n"
    lines = draw(st.lists(st.sampled_from(NOISE), unique=True, max_size=5))
    lines.insert(draw(st.integers(0, len(lines))), named)
    indent = draw(st.sampled_from(("", "  ")))
    return "\n".join([head, *(indent + line for line in lines), "}\n"])


def to_json(alias: str, form: int) -> str:
    block = {"alias": alias} if alias else {}
    forms = ({"terraform": block}, {"terraform": [block]}, [{"terraform": block}], [{"terraform": [block]}])
    document = {"provider": forms[form % len(forms)]}
    return json.dumps(document if form < len(forms) else [document]).replace("alias", r"\u0061lias")


@st.composite
def projects(draw: st.DrawFn) -> dict[str, str]:
    """Draw the files of a root module with configurations in any spelling, and maybe of called modules."""
    files = {"main.tf": f"{RESOURCE}}}\n{draw(st.sampled_from(DECOYS))}"}
    for number, alias in enumerate(draw(st.lists(st.sampled_from(("", *NAMES)), unique=True))):
        own = f'resource "terraform_data" "r{number}" {{\n  provider = terraform{"." if alias else ""}{alias}\n}}\n'
        files["main.tf"] += own
        form = draw(st.integers(0, 15))
        if form < 8:
            files[f"p{number}.tf.json"] = to_json(alias, form)
        else:
            files["main.tf"] += draw(provider_blocks(alias))
    if draw(st.booleans()):
        files["x_override.tf"] = draw(provider_blocks(""))
    if draw(st.booleans()):
        files["main.tf"] += CALL
        files["child/main.tf"] = f"{RESOURCE}}}\n{draw(st.sampled_from(DECOYS))}{INNER}"
        inner = draw(provider_blocks("")) if draw(st.booleans()) else ""
        files["inner/main.tf"] = f"{RESOURCE}}}\n{inner}"
    return files


def list_configurations(files: Mapping[str, str]) -> set[str]:
    """Return the configurations that a plan would use, by Terraform."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        places = {"": ("", "."), "child": ("./child", "child"), "child.inner": ("../inner", "inner")}
        modules = [{"Key": key, "Source": source, "Dir": place} for key, (source, place) in places.items()]
        files = {**files, ".terraform/modules/modules.json": json.dumps({"Modules": modules})}
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        environment = {"PATH": SYSTEM_PATH, "CHECKPOINT_DISABLE": "1"}
        done = subprocess.run(
            [*find_embedded(), "graph", "-type=plan"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, f"{done.stderr}\n{files}"
    return {each.replace("\\", "") for each in re.findall(r'"\[root\] ([^ ]*provider\[[^ ]*\][^ "]*)" \[', done.stdout)}


@pytest.mark.terraform
@settings(max_examples=max(12, settings().max_examples // 10))
@given(files=projects())
def test_several_configurations_of_terraform_are_always_refused(files: dict[str, str]) -> None:
    root = {name: text for name, text in files.items() if "/" not in name}
    found = list_configurations(files)
    reason = find_reason(root, {name: text for name, text in files.items() if "/" in name})
    event(f"{len(found)} configurations, {'refused' if reason else 'accepted'}")
    if found != {f'provider["{SOURCE}"]'}:
        assert reason, found


@pytest.mark.terraform
@pytest.mark.parametrize("line", NOISE)
def test_alias_after_any_line_is_found(line: str) -> None:
    block = f'provider "terraform" {{\n{line}\nalias = "first"\n}}\n'
    used = f"{RESOURCE}  provider = terraform.first\n}}\n"
    assert list_configurations({"main.tf": block + used}) == {f'provider["{SOURCE}"].first'}
    assert find_reason({"main.tf": block + used})


@pytest.mark.terraform
def test_second_name_of_a_source_is_no_second_configuration() -> None:
    required = f'terraform {{\n  required_providers {{\n    other = {{ source = "{SOURCE}" }}\n  }}\n}}\n'
    blocks = 'provider "terraform" {}\nprovider "other" {}\n'
    used = f'{RESOURCE}}}\nresource "terraform_data" "b" {{\n  provider = other\n}}\n'
    assert list_configurations({"main.tf": required + blocks + used}) == {f'provider["{SOURCE}"]'}
    assert not find_reason({"main.tf": required + blocks + used})
