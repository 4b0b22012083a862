"""What the Dockerfile of envctl promises; that it is kept is shown where it is built."""

import re
from pathlib import Path

TOP = Path(__file__).parents[2]
DOCKERFILE = (TOP / "Dockerfile").read_text()
IGNORED = (TOP / ".dockerignore").read_text().splitlines()


def test_both_stages_come_from_one_base_image_that_is_pinned() -> None:
    (base,) = re.findall(r"^ARG BASE_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)
    assert re.findall(r"^FROM (\S+) AS (\w+)$", DOCKERFILE, re.MULTILINE) == [
        ("${BASE_IMAGE}", "builder"),
        ("${BASE_IMAGE}", "runtime"),
    ]


def test_all_packages_come_by_their_hashes_or_from_the_folder_of_those() -> None:
    joined = DOCKERFILE.replace("\\\n", " ")
    installs = re.findall(r"\bpip (?:--python \S+ )?(?:install|wheel) [^&\n]*", joined)
    assert len(installs) == 4
    for words in map(str.split, installs):
        assert "--no-deps" in words
        assert "--require-hashes" in words or "--no-index" in words


def test_it_runs_as_a_user_with_a_number_and_not_as_root() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["1000:1000"]


def test_nothing_gets_in_but_what_is_named() -> None:
    assert "*" in IGNORED
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {line[1:] for line in IGNORED if line.startswith("!")} == {name for each in copied for name in each.split()}
    assert all((TOP / name).exists() for each in copied for name in each.split())
