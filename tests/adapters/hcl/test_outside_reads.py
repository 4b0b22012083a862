"""Reads outside of the release are seen wherever the text of the code tells them, and nothing else is taken for one."""

import json
from pathlib import Path

import pytest

from envctl.adapters.hcl.code_folders import group_by_folder, read_folders
from envctl.adapters.hcl.code_search import find_outside_reads
from envctl.adapters.hcl.file_functions import FILE_FUNCTIONS

READ = json.loads((Path(__file__).parents[1] / "terraform/environment/read_by_terraform.json").read_text())
# From path to path, without reading.
PATH_FUNCTIONS = frozenset({"abspath", "basename", "dirname", "pathexpand"})
FROM_SOURCE = sorted({name for program in ("terraform", "opentofu") for name in READ[program]["file_functions"]})


def found(code: str, **files: str) -> list[str]:
    data = {"modules/web/main.tf": code.encode(), **{path: text.encode() for path, text in files.items()}}
    folders = read_folders(group_by_folder(data), ["modules/web"])
    return [f"{read.location}: {read.what}" for read in find_outside_reads(data, folders)]


def resource(value: str) -> str:
    return f'resource "terraform_data" "this" {{\n  input = {value}\n}}\n'


@pytest.mark.parametrize("name", FROM_SOURCE)
def test_every_file_function_is_classified(name: str) -> None:
    assert (name in FILE_FUNCTIONS) is not (name in PATH_FUNCTIONS)


@pytest.mark.parametrize("name", sorted(FILE_FUNCTIONS))
@pytest.mark.parametrize(
    "spelled", ["{name}", "core::{name}", "core /* of all */ ::  {name}", "{name}/* of a file */ "]
)
def test_every_file_function_is_checked(name: str, spelled: str) -> None:
    call = spelled.format(name=name)
    rest = ', "*"' if name == "fileset" else ""
    assert found(resource(f'{call}("${{path.root}}/x"{rest})')) == [f"modules/web/main.tf:2: {name}() reads path.root"]
    assert not found(resource(f'{call}("${{path.module}}/x"{rest})'))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ('"${path.root}/../../../../payload.json"', "path.root"),
        ('"${path.cwd}/payload.json"', "path.cwd"),
        ("path.root", "path.root"),
        ("(path . root)", "path.root"),
        ("path/* of */.root", "path.root"),
        ("replace(path /* of */ . root, var.a, var.b)", "path.root"),
        ('"/etc/passwd"', "an absolute path"),
        ('"${""}/etc/passwd"', "an absolute path"),
        ('"\\u002fetc/passwd"', "an absolute path"),
        ('"~/.ssh/id_rsa"', "the home folder"),
        ('pathexpand("~/.ssh/id_rsa")', "the home folder"),
        ("pathexpand(var.unknown)", "the home folder"),
        ('abspath("x")', "a path without ${path.module}"),
        ('"x.json"', "a path without ${path.module}"),
        ('"./x.json"', "a path without ${path.module}"),
        ('"../x.json"', "a path without ${path.module}"),
        ('"${path.module}/../../../x.json"', "a path outside the release"),
        ('"${path.module}/a/../../../../x.json"', "a path outside the release"),
        ('"${path.module}/\\u002e./../../x.json"', "a path outside the release"),
        ('"${path.module}/../../../${var.unknown}"', "a path outside the release"),
        ('"${abspath(path.module)}/../../../x"', "a path outside the release"),
        ('format("%s/../../../x", path.module)', "a path outside the release"),
        ('format("%s/%s", path.root, "x")', "path.root"),
        ('join("/", [path.module, "..", "..", "..", "x"])', "a path outside the release"),
        ('join("/", concat([path.root], var.parts))', "path.root"),
        ('"${dirname(dirname(dirname(path.module)))}/x"', "a path outside the release"),
        ('var.unknown ? "${path.module}/x" : "/etc/x"', "an absolute path"),
        ('coalesce(var.unknown, "/etc/x")', "an absolute path"),
        ('try("${path.module}/x", "${path.cwd}/x")', "path.cwd"),
        ("local.there", "an absolute path"),
        ('"${local.up}/../x"', "a path outside the release"),
        ('"${path.module}/../../${basename("x/..")}/x"', "a path outside the release"),
        ("var.there", "the home folder"),
        ("replace(path.root, var.a, var.b)", "path.root"),
        ("element([path.module, path.cwd], 1)", "path.cwd"),
        ('["${path.module}/x", "/etc/x"][1]', "an absolute path"),
        ('["${path.module}/x", "/etc/x"][var.a]', "an absolute path"),
        ('{ a = "/etc/x" }.a', "an absolute path"),
        ('{ "a" = { b = "/etc/x" } }["a"].b', "an absolute path"),
        ('one(["/etc/x"])', "an absolute path"),
        ('element(["/etc/x"], 0)', "an absolute path"),
        ('lookup({ a = "/etc/x" }, "a", "")', "an absolute path"),
        ('lookup(var.a, "a", "/etc/x")', "an absolute path"),
        ('{ (var.a) = "/etc/x" }.a', "an absolute path"),
        ('[for x in ["/etc/x"] : x][0]', "an absolute path"),
        ('[for x in ["x"] : "/etc/${x}"][0]', "an absolute path"),
        ("local.paths.b", "an absolute path"),
        ('local.paths["b"]', "an absolute path"),
        ("local.paths[var.a]", "an absolute path"),
        ("local.list[1]", "an absolute path"),
        ("[for k in var.names : local.paths[k]][0]", "an absolute path"),
        ("lookup(local.paths, var.a)", "an absolute path"),
        ("<<-EOT\n    /etc/passwd\n  EOT\n", "an absolute path"),
    ],
)
def test_reads_outside_of_the_release_are_found(path: str, reason: str) -> None:
    names = (
        'locals {\n  paths = {\n    a = "${path.module}/a"\n    b = local.there\n  }\n}\n'
        'locals {\n  list = [path.module, "/etc/x"]\n}\n'
        'locals {\n  there = "/etc/x"\n  up = "${local.here}/.."\n  here = "${path.module}/.."\n}\n'
        'variable "there" {\n  default = "~/x"\n}\n'
    )
    (said,) = found(resource(f"file({path})") + names)
    assert said.startswith(f"modules/web/main.tf:2: file() reads {reason}")


@pytest.mark.parametrize(
    "value",
    [
        'file("${path.module}/a.json")',
        'file("${path.module}/../shared/a.json")',
        'file("${path.module}/../../a.json")',
        'templatefile("${path.module}/${var.name}.tftpl", { root = path.root })',
        "file(var.unknown)",
        'file("${var.unknown}/../../x")',
        "file(local.loop)",
        "file(local.missing)",
        '[for f in fileset("${path.module}/files", "**") : file("${path.module}/files/${f}")]',
        'file(var.empty != "" ? var.empty : "${path.module}/x")',
        'file("${abspath(path.module)}/x")',
        'file(format("%s/x", path.module))',
        'file(format(var.first ? "%s/a" : "%s/b", path.module))',
        'file(join("/", [path.module, "x"]))',
        'file(join("/", concat([path.module], var.parts)))',
        'file("${dirname(path.module)}/shared/x")',
        'file("${path.module}/${basename(abspath(path.root))}.json")',
        'file("${path.module}/${basename("/etc/passwd")}")',
        'fileexists("${var.unknown}/of-${basename(path.cwd)}")',
        '"${path.root}/out.txt"',
        "jsonencode({ root = path.root, cwd = path.cwd })",
        'basename("/etc/passwd")',
        '"/etc/passwd"',
        "templatestring(var.text, {})",
        'provider::local::direxists("${path.module}/x")',
        '"$${path.root}/../x"',
        'file(["${path.module}/x", "/etc/x"][0])',
        "file(local.paths.a)",
        'file("${path.module}/${local.paths.b}")',
        "file(local.paths.missing)",
        "file(local.paths.round)",
        "file([for x in var.names : x][0])",
        'file("${path.module}/${[for x in ["/api"] : x][0]}")',
    ],
)
def test_reads_inside_of_the_release_are_accepted(value: str) -> None:
    names = 'locals {\n  paths = {\n    a = "${path.module}/a"\n    b = "/api"\n    round = local.paths.round\n  }\n}\n'
    names += 'locals {\n  loop = local.pool\n  pool = local.loop\n}\nvariable "empty" {\n  default = ""\n}\n'
    assert found(resource(value) + names) == []


@pytest.mark.parametrize(
    ("pattern", "is_outside"), [('"../../../*"', True), ('"**/*.json"', False), ('"../shared/*"', False)]
)
def test_patterns_of_fileset_are_followed(pattern: str, is_outside: bool) -> None:
    assert bool(found(resource(f"fileset(path.module, {pattern})"))) is is_outside


@pytest.mark.parametrize(
    ("block", "what"),
    [
        ('data "local_file" "x" {\n  filename = "/etc/passwd"\n}\n', "filename is an absolute path"),
        (
            'data "archive_file" "x" {\n  source_dir = "${path.module}/../../../src"\n}\n',
            "source_dir is a path outside",
        ),
        ('data "archive_file" "x" {\n  source_dir = "${path.root}/../../src"\n}\n', "source_dir is a path outside"),
        ('data "archive_file" "x" {\n  source_file = "../../../../x"\n}\n', "source_file is a path outside"),
        ('resource "aws_s3_object" "x" {\n  source = pathexpand("~/x")\n}\n', "source is the home folder"),
        ('resource "aws_lambda_function" "x" {\n  filename = "/builds/x.zip"\n}\n', "filename is an absolute path"),
        (
            'data "terraform_remote_state" "x" {\n  backend = "local"\n  config = { path = "/states/x" }\n}\n',
            "path is an absolute path",
        ),
        ('data "external" "x" {\n  program = ["sh", "${path.root}/../../x.sh"]\n}\n', "a path outside"),
        ('resource "terraform_data" "x" {\n  input = "cat ${path.cwd}/../x"\n}\n', "a path outside"),
    ],
)
def test_path_attributes_are_checked(block: str, what: str) -> None:
    (said, *_) = found(block)
    assert what in said


def test_files_created_in_work_directory_are_accepted() -> None:
    archive = 'data "archive_file" "x" {\n  source_dir = "${path.module}/src"\n  output_path = "x.zip"\n}\n'
    function = 'resource "aws_lambda_function" "x" {\n  filename = "x.zip"\n}\n'
    assert found(archive + function) == []


def test_templates_are_read_as_text() -> None:
    code = resource('templatefile("${path.module}/page.html", {})')
    bad = 'hello\n%{ for f in fileset("/etc", "*") }${file("x")}%{ endfor }\n${file(path)}\n$${file("/etc/passwd")}\n'
    said = found(code, **{"modules/web/page.html": bad, "modules/web/sub/more.tftpl": '${filemd5("/x")}'})
    assert [each.partition(": ")[0] for each in said] == [
        "modules/web/page.html:2",
        "modules/web/page.html:2",
        "modules/web/sub/more.tftpl:1",
    ]
    assert all("the template: file" in each for each in said)


def test_unreachable_code_is_ignored() -> None:
    files = {
        "modules/web/examples/main.tf": resource('file("/etc/passwd")'),
        "modules/other/main.tf": resource('file("/etc/passwd")'),
        "modules/web/README.md": 'file("/etc/passwd")',
    }
    assert found(resource("1"), **files) == []
    called = 'module "other" {\n  source = "../other"\n}\n'
    assert found(called, **files) == ["modules/other/main.tf:2: file() reads an absolute path"]


def test_paths_are_followed_into_modules() -> None:
    files = {"modules/other/main.tf": 'variable "path" {}\n' + resource("file(var.path)")}
    call = 'module "other" {{\n  source = "../other"\n  path = {}\n}}\n'
    assert not found(call.format('"${path.module}/x"'), **files)
    for path in ('"${path.root}/x"', '"/etc/x"', '"${path.module}/../../../x"'):
        assert any(
            said.startswith("modules/other/main.tf:3: file() reads ") for said in found(call.format(path), **files)
        )


@pytest.mark.parametrize("name", ["modules/web/more.tf.json", "modules/web/more.tofu.json"])
def test_json_is_read_too(name: str) -> None:
    document = {
        "locals": {"up": "${path.module}/../.."},
        "variable": {"there": {"default": "/etc/x"}},
        "resource": {
            "terraform_data": {
                "a": {"input": '${file("/etc/passwd")}'},
                "b": [{"input": '${file("${local.up}/../x")}'}, {"input": "${file(var.there)}"}],
                "fine": {"input": '${file("${path.module}/x")} /etc/passwd'},
            }
        },
        "data": [{"local_file": {"c": {"filename": "/etc/passwd"}}}],
    }
    text = json.dumps(document, indent=1)
    assert [each.partition(": ")[2] for each in found("", **{name: text})] == [
        "file() reads an absolute path",
        "file() reads a path outside the release",
        "file() reads an absolute path",
        "filename is an absolute path",
    ]


def test_code_of_opentofu_is_read_too() -> None:
    assert found("", **{"modules/web/more.tofu": resource('file("/etc/passwd")')})


def test_unparsable_code_is_ignored() -> None:
    assert found("resource {{{ file(", **{"modules/web/x.tf.json": "{"}) == []


@pytest.mark.parametrize(
    "source",
    [
        'source = "./inner"',
        'source /* of */ = # the\n  "./inner"',
        'source = "\\u002e/inner"',
        'source = ".\\u002finner"',
    ],
)
def test_module_calls_are_followed_in_any_spelling(source: str) -> None:
    inner = {"modules/web/inner/main.tf": resource('file("/etc/passwd")')}
    assert len(found(f'module "inner" {{\n  {source}\n}}\n', **inner)) == 1


@pytest.mark.parametrize(
    ("plain", "spelled"), [("/", "\\/"), (".", "\\u002e"), ("source", "sourc\\u0065"), ("file", "f\\u0069le")]
)
def test_json_code_is_read_in_any_spelling(plain: str, spelled: str) -> None:
    call = json.dumps({"module": {"inner": {"source": "./inner"}}}).replace(plain, spelled)
    read = json.dumps({"output": {"x": {"value": '${file("/etc/passwd")}'}}}).replace(plain, spelled)
    assert len(found("", **{"modules/web/a.tf.json": call, "modules/web/inner/b.tf.json": read})) == 1


def run_by(arguments: str) -> str:
    return f'resource "terraform_data" "this" {{\n  provisioner "local-exec" {{\n{arguments}\n  }}\n}}\n'


@pytest.mark.parametrize(
    ("block", "what"),
    [
        (run_by('command = "sh ../../../../x.sh"'), "command names a path outside the release"),
        (run_by('command = "make && ../x.sh"'), "command names a path outside the release"),
        (run_by('command = "A=1 B=2 /work/x.sh"'), "command names an absolute path"),
        (run_by('command = "bash -e /tmp/x.sh"'), "command names an absolute path"),
        (run_by('command = "scp -i ~/.ssh/key a b:"'), "command names the home folder"),
        (run_by('command = "cat $${HOME}/x"'), "command names the home folder"),
        (run_by("command = <<-END\n    echo one\n    cp ../../x .\n  END"), "command names a path outside the release"),
        (run_by('command = "x"\ninterpreter = ["/work/bin/sh", "-c"]'), "interpreter names an absolute path"),
        (run_by('command = "x"\ninterpreter = ["python3", "../run.py"]'), "interpreter names a path outside"),
        (run_by('command = "./x.sh"\nworking_dir = "../../.."'), "working_dir is a path outside the release"),
        (run_by('command = "./x.sh"\nworking_dir = "/work"'), "working_dir is an absolute path"),
        (
            run_by('command = "../../../../x.sh"\nworking_dir = "${path.module}/scripts"'),
            "command names a path outside the release",
        ),
        ('data "external" "x" {\n  program = ["sh", "../../x.sh"]\n}\n', "program names a path outside the release"),
        ('data "external" "x" {\n  program = ["/home/a/x"]\n}\n', "program names an absolute path"),
        (
            'resource "aws_instance" "x" {\n  provisioner "file" {\n    source = "../../key"\n  }\n}\n',
            "source is a path outside the release",
        ),
        (
            'resource "aws_instance" "x" {\n  provisioner "remote-exec" {\n    scripts = ["a.sh", "/x.sh"]\n  }\n}\n',
            "scripts is an absolute path",
        ),
    ],
)
def test_programs_are_held_to_the_release(block: str, what: str) -> None:
    (said, *_) = found(block)
    assert f": {what}" in said


@pytest.mark.parametrize(
    "arguments",
    [
        'command = "aws ssm put-parameter --name /app/x --value y > /tmp/log"',
        "command = \"sed '/x/d' in | /usr/bin/tee /dev/null; curl https://x.example/a/../b\"",
        'command = "echo ~x and 5~"\ninterpreter = ["/bin/bash", "-c"]',
        'command = "${path.module}/x.sh ${path.module}/../shared/y"',
        'command = "../shared/x.sh"\nworking_dir = "${path.module}"',
        'command = "../x.sh"\nworking_dir = var.folder',
        "command = var.command",
    ],
)
def test_programs_of_the_machine_are_accepted(arguments: str) -> None:
    assert found(run_by(arguments)) == []


def test_programs_in_json_are_held_too() -> None:
    document = {
        "resource": {
            "null_resource": {
                "a": {"provisioner": [{"local-exec": {"command": "sh ../../x.sh"}}]},
                "b": [{"provisioner": {"local-exec": [{"command": "./x", "interpreter": ["/x/sh"]}]}}],
                "fine": {"provisioner": {"local-exec": {"command": "../a", "working_dir": "${path.module}"}}},
            }
        },
        "data": {"external": {"c": {"program": ["python3", "${path.module}/../../../x.py"]}}},
    }
    assert {each.partition(": ")[2] for each in found("", **{"modules/web/a.tf.json": json.dumps(document)})} == {
        "command names a path outside the release",
        "interpreter names an absolute path",
        "a path outside the release",
    }
