"""What builds of CodeBuild install: written once, kept current, never written over somebody else's."""

import pytest

from envctl.domain.errors import ConfigurationError
from envctl.usecases.project.ci.codebuild_files import update_codebuild_files
from tests.fakes.world import World

FOLDER = ".codebuild/envctl"
ALL = [f"{FOLDER}/{name}" for name in ("install.sh", "build.txt", "requirements.txt", "envctl.txt")]
PACKAGE = f'\n[ci]\npackage = "envctl-promotion==1.0#sha256={"a" * 64}"\n'


def write(world: World, *, check: bool = False) -> tuple[dict[str, str], list[str]]:
    told, error = update_codebuild_files(world.ports, check=check, version="1.0")
    codes = [problem.code for problem in error.problems] if error else []
    return {each.path: each.state for each in told.files}, codes


@pytest.fixture(autouse=True)
def package(world: World) -> None:
    world.tree.content["envctl.toml"] += PACKAGE.encode()


def test_script_and_locks_are_written_once(world: World) -> None:
    assert write(world, check=True) == (dict.fromkeys(ALL, "missing"), ["E039"])
    assert write(world) == (dict.fromkeys(ALL, "written"), [])
    assert write(world, check=True) == (dict.fromkeys(ALL, "current"), [])
    assert b"--require-hashes" in world.tree.content[ALL[0]]


def test_files_of_subfolder_project_stay_in_its_folder(world: World) -> None:
    world.version_control.lies_in = "infra/shop"
    assert list(write(world)[0]) == ALL
    assert ALL[0] in world.tree.content


@pytest.mark.parametrize(("path", "old", "new"), [(ALL[0], "--no-deps", ""), (ALL[3], "a" * 64, "b" * 64)])
def test_edit_by_hand_fails_the_check(world: World, path: str, old: str, new: str) -> None:
    write(world)
    text = world.tree.content[path].decode()
    assert old in text
    world.tree.content[path] = text.replace(old, new).encode()
    found, codes = write(world, check=True)
    assert (found[path], codes[0], set(codes) <= {"E039", "E044"}) == ("edited", "E039", True)
    assert write(world)[0][path] == "written"


def test_other_package_changes_the_files(world: World) -> None:
    write(world)
    text = world.tree.content["envctl.toml"].decode()
    world.tree.content["envctl.toml"] = text.replace("a" * 64, "c" * 64).encode()
    found, codes = write(world, check=True)
    assert (found[ALL[3]], found[ALL[2]], codes) == ("differs", "current", ["E039"])


def test_foreign_script_is_kept(world: World) -> None:
    world.tree.content[ALL[0]] = b"echo mine\n"
    found, codes = write(world)
    assert (found[ALL[0]], codes) == ("foreign", ["E038"])
    assert world.tree.content[ALL[0]] == b"echo mine\n"


STACK = """
[stacks.objects]
kind = "kubernetes"
path = "objects"
namespace = "shop"
kubeconfig_context = "shop-{environment}"
"""
WHEEL = f"https://files.acme.dev/kube_api_emulator-1.0.0-py3-none-any.whl#sha256={'b' * 64}"
GIT = f"git+https://github.com/acme/envctl@{'1' * 40}"
SECOND = f"kube-api-emulator @ {GIT}#subdirectory=packages/kube-api-emulator"
# As an envctl wrote them whose own package had the schemas of Kubernetes.
EARLIER = {
    ALL[0]: """# Written by `envctl ci codebuild`, which overwrites it: change envctl.toml, or your own file.
# envctl 0.0.9, settings 9edada76fa8a5dea, text 0af5fffcf75963aa
# Installs envctl into a folder of the build alone: sh install.sh FOLDER
set -eu
envctl_home="$1"
locks=$(cd "$(dirname "$0")" && pwd)
rm -rf "$envctl_home"
mkdir -p "$envctl_home/bin"
python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 11) and "envctl needs Python 3.11 or newer")'
python3 -I -m venv --clear "$envctl_home/venv"
pip_install() { "$envctl_home/venv/bin/python" -I -m pip install --quiet --disable-pip-version-check --no-input \
--no-cache-dir --no-deps "$@"; }
pip_install --require-hashes --only-binary=:all: --requirement "$locks/build.txt"
pip_install --require-hashes --no-build-isolation --only-binary=:all: --no-binary=python-terraform \
--requirement "$locks/requirements.txt"
envctl_source=$(sed -n "s/^envctl-promotion @ git+//p" "$locks/envctl.txt")
git init --quiet "$envctl_home/venv/source"
git -C "$envctl_home/venv/source" fetch --quiet --no-tags --depth=1 "${envctl_source%@*}" "${envctl_source##*@}"
git -C "$envctl_home/venv/source" checkout --quiet --detach "${envctl_source##*@}"
pip_install --no-index --no-build-isolation "$envctl_home/venv/source"
printf '#!/bin/sh\\nexec "%s/venv/bin/python" -I -m envctl "$@"\\n' "$envctl_home" > "$envctl_home/bin/envctl"
chmod 755 "$envctl_home/bin/envctl"
""".replace("\\\n--", "--"),
    ALL[3]: f"""# Written by `envctl ci codebuild`, which overwrites it: change envctl.toml, or your own file.
# envctl 0.0.9, settings 9edada76fa8a5dea, text f7e68328cbca1a6a
envctl-promotion @ {GIT}
""",
}


@pytest.fixture
def earlier(world: World) -> World:
    """A project whose files an earlier envctl wrote."""
    replace_package(world, f'package = "{GIT}"')
    write(world)
    world.tree.content |= {path: text.encode() for path, text in EARLIER.items()}
    return world


def replace_package(world: World, line: str) -> None:
    text = world.tree.content["envctl.toml"].decode().replace(PACKAGE, f"\n[ci]\n{line}\n")
    world.tree.content["envctl.toml"] = text.encode()


def append(world: World, text: str) -> None:
    world.tree.content["envctl.toml"] += text.encode()


def test_files_of_an_earlier_envctl_are_accepted_without_objects(earlier: World) -> None:
    found, codes = write(earlier, check=True)
    assert (found[ALL[0]], found[ALL[3]], codes) == ("other version", "other version", [])


def test_check_names_the_address_that_jobs_lack(earlier: World) -> None:
    append(earlier, STACK)
    _, error = update_codebuild_files(earlier.ports, check=True, version="1.0")
    assert error is not None
    (problem,) = error.problems
    assert (problem.code, problem.hint) == ("E039", "envctl ci codebuild")
    assert f"stacks of objects need {SECOND}, which the jobs lack" in problem.message
    assert write(earlier)[1] == []
    assert SECOND in earlier.tree.content[ALL[3]].decode()
    assert b"/packages/kube-api-emulator" in earlier.tree.content[ALL[0]]
    assert write(earlier, check=True) == (dict.fromkeys(ALL, "current"), [])


def test_wheel_alone_is_refused_with_stacks_of_objects(world: World) -> None:
    write(world)
    append(world, STACK)
    with pytest.raises(ConfigurationError) as caught:
        write(world, check=True)
    (problem,) = caught.value.problems
    assert problem.code == "E146"
    assert 'kubernetes_package = "https://HOST/kube_api_emulator-' in problem.hint


def test_second_wheel_is_named_by_its_hash(world: World) -> None:
    write(world)
    replace_package(world, f'{PACKAGE.splitlines()[2]}\nkubernetes_package = "{WHEEL}"')
    append(world, STACK)
    _, error = update_codebuild_files(world.ports, check=True, version="1.0")
    assert error is not None
    assert f"need kube-api-emulator @ {WHEEL.partition('#')[0]}, which" in error.problems[0].message
    write(world)
    written = world.tree.content[ALL[3]].decode()
    assert written.endswith(f"kube-api-emulator @ {WHEEL.partition('#')[0]} \\\n    --hash=sha256:{'b' * 64}\n")
    assert write(world, check=True)[1] == []


@pytest.mark.parametrize("line", ["", f'package = "{GIT}"'])
def test_kubernetes_package_without_a_wheel_is_refused(world: World, line: str) -> None:
    replace_package(world, f'{line}\nkubernetes_package = "{WHEEL}"')
    with pytest.raises(ConfigurationError) as caught:
        write(world)
    assert [problem.code for problem in caught.value.problems] == ["E146"]


def test_missing_package_is_refused(world: World) -> None:
    world.tree.content["envctl.toml"] = world.tree.content["envctl.toml"].replace(PACKAGE.encode(), b"")
    with pytest.raises(ConfigurationError) as caught:
        write(world)
    assert [problem.code for problem in caught.value.problems] == ["E144"]
