"""What the Dockerfile of envctl promises; that it is kept is shown where it is built."""

import re
from pathlib import Path

TOP = Path(__file__).parents[2]
DOCKERFILE = (TOP / "Dockerfile").read_text()
IGNORED = (TOP / ".dockerignore").read_text().splitlines()


def test_both_stages_use_one_pinned_base_image() -> None:
    (base,) = re.findall(r"^ARG BASE_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)
    assert re.findall(r"^FROM (\S+) AS (\w+)$", DOCKERFILE, re.MULTILINE) == [
        ("${BASE_IMAGE}", "builder"),
        ("${BASE_IMAGE}", "runtime"),
    ]


def test_packages_are_installed_by_hash_or_from_wheels() -> None:
    joined = DOCKERFILE.replace("\\\n", " ")
    installs = re.findall(r"\bpip (?:--python \S+ )?(?:install|wheel) [^&\n]*", joined)
    assert len(installs) == 4
    for words in map(str.split, installs):
        assert "--no-deps" in words
        assert "--require-hashes" in words or "--no-index" in words


def test_image_runs_as_numeric_user_without_root() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["1000:1000"]


def test_docker_context_has_only_copied_files() -> None:
    assert "*" in IGNORED
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {line[1:] for line in IGNORED if line.startswith("!")} == {name for each in copied for name in each.split()}
    assert all((TOP / name).exists() for each in copied for name in each.split())
