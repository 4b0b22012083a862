"""Pins are taken from signed packages alone, and what is installed has the pinned bytes."""

import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envctl.adapters.terraform.packages.archive import extract_program
from envctl.adapters.terraform.packages.official_packages import OFFICIAL, OfficialPackages
from envctl.adapters.terraform.packages.signature import load_official_keys
from envctl.adapters.terraform.process.program_finder import ProgramFinder, read_platform
from envctl.adapters.terraform.warm.package import FileHashes
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.terraform.program_pin import PLATFORMS, ProgramPin
from envctl.domain.text.sha256 import sha256
from tests.adapters.terraform.packages.publishing import (
    ELF,
    VERSION,
    Publisher,
    Signer,
    build_program,
    pack,
    serve_folder,
)
from tests.catching import catch
from tests.programs import SYSTEM_PATH

HERE = read_platform()
PIN = ProgramPin(program="terraform", version=VERSION, sha256={HERE: sha256(build_program(HERE)).hexdigest()})


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    made = Signer.create(tmp_path_factory.mktemp("gpg") / "home")
    yield made
    made.end()


@pytest.fixture
def publisher(signer: Signer, tmp_path: Path) -> Publisher:
    return Publisher(tmp_path / "mirror" / "terraform" / VERSION, signer)


def packages(publisher: Publisher, root: Path, path: str = SYSTEM_PATH) -> OfficialPackages:
    key = publisher.signer.export()
    return OfficialPackages(root, {"PATH": path}, {"terraform": key, "tofu": key})


def refuse_hash(publisher: Publisher, root: Path, platforms: tuple[str, ...] = ("linux_amd64",)) -> Problem:
    found = catch(
        OperationFailedError,
        packages(publisher, root).hash_programs,
        "terraform",
        VERSION,
        platforms,
        os.fspath(publisher.folder),
    )
    return found.problems[0]


def test_executables_of_all_platforms_are_hashed(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(PLATFORMS)
    place = os.fspath(publisher.folder)
    found = packages(publisher, tmp_path).hash_programs("terraform", VERSION, PLATFORMS, place)
    assert found == {each: sha256(build_program(each)).hexdigest() for each in PLATFORMS}


@pytest.mark.parametrize("way", ["", "/moved"])
def test_mirror_is_read_by_program_and_version(way: str, publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(("linux_arm64",))
    with serve_folder(tmp_path / "mirror") as address:
        place = f"{address}{way}/{{program}}/{{version}}/"
        found = packages(publisher, tmp_path).hash_programs("terraform", VERSION, ("linux_arm64",), place)
    assert found == {"linux_arm64": sha256(build_program("linux_arm64")).hexdigest()}


def test_tofu_signs_its_sums_as_gpgsig(signer: Signer, tmp_path: Path) -> None:
    published = Publisher(tmp_path / "tofu", signer, program="tofu", version="1.10.2")
    published.publish(("linux_amd64",))
    place = os.fspath(published.folder / "tofu_1.10.2_linux_amd64.zip")
    found = packages(published, tmp_path).hash_programs("tofu", "1.10.2", ("linux_amd64",), place)
    assert found == {"linux_amd64": sha256(build_program("linux_amd64")).hexdigest()}


def test_sums_of_another_version_are_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(("linux_amd64",))
    older = Publisher(tmp_path / "older", publisher.signer, version="1.14.0")
    older.publish(("linux_amd64",))
    publisher.sums.write_bytes(older.sums.read_bytes())
    signature = (older.folder / f"{older.sums.name}.sig").read_bytes()
    (publisher.folder / f"{publisher.sums.name}.sig").write_bytes(signature)
    problem = refuse_hash(publisher, tmp_path)
    assert problem.code == "E359" and "does not name it" in problem.message


def test_changed_sums_are_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(("linux_amd64",))
    publisher.sums.write_bytes(publisher.sums.read_bytes().replace(b"linux", b"Linux"))
    problem = refuse_hash(publisher, tmp_path)
    assert problem.code == "E360" and "is not signed by the key" in problem.message


def test_key_of_another_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(("linux_amd64",))
    other = Signer.create(tmp_path / "gpg")
    try:
        publisher.signer = other
        key = packages(publisher, tmp_path)
    finally:
        other.end()
    error = catch(
        OperationFailedError, key.hash_programs, "terraform", VERSION, ("linux_amd64",), os.fspath(publisher.folder)
    )
    assert error.problems[0].code == "E360"


def test_official_keys_refuse_the_key_of_the_tests(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(("linux_amd64",))
    official = OfficialPackages(tmp_path, {"PATH": SYSTEM_PATH})
    place = os.fspath(publisher.folder)
    error = catch(OperationFailedError, official.hash_programs, "terraform", VERSION, ("linux_amd64",), place)
    assert error.problems[0].code == "E360"


def test_expired_key_is_named(tmp_path: Path) -> None:
    old = Signer.create(tmp_path / "gpg", at="20200101T000000", expires="30d")
    try:
        published = Publisher(tmp_path / "mirror", old)
        published.publish(("linux_amd64",), at="20200102T000000")
        problem = refuse_hash(published, tmp_path)
    finally:
        old.end()
    assert problem.code == "E360" and "has expired" in problem.message and "update envctl" in problem.hint


def test_nothing_is_hashed_without_gpgv(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(("linux_amd64",))
    without = packages(publisher, tmp_path, path=os.fspath(tmp_path))
    place = os.fspath(publisher.folder)
    error = catch(OperationFailedError, without.hash_programs, "terraform", VERSION, ("linux_amd64",), place)
    assert error.problems[0].code == "E360" and "gpgv is not installed" in error.problems[0].message


def test_zip_with_other_bytes_than_signed_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(("linux_amd64",))
    (publisher.folder / f"terraform_{VERSION}_linux_amd64.zip").write_bytes(pack([("terraform", ELF)]))
    problem = refuse_hash(publisher, tmp_path)
    assert problem.code == "E359" and "has another SHA-256" in problem.message


def test_platform_without_package_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(("linux_amd64",))
    assert "does not name it" in refuse_hash(publisher, tmp_path, ("linux_amd64", "darwin_arm64")).message


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


ZIPS: dict[str, tuple[bytes, str]] = {
    "no program": (pack([("LICENSE.txt", b"")]), "exactly one terraform"),
    "a second program": (pack([("terraform", ELF), ("bin/terraform", ELF)]), "exactly one terraform"),
    "one for Windows beside it": (pack([("terraform", ELF), ("terraform.exe", b"MZ")]), "exactly one terraform"),
    "the program twice": (pack([("terraform", ELF), ("terraform", ELF + b"2")]), "exactly one terraform"),
    "a path that leads out": (pack([("../terraform", ELF)]), "exactly one terraform"),
    "an absolute path": (pack([("/usr/bin/terraform", ELF)]), "exactly one terraform"),
    "a symbolic link": (pack([(link("terraform"), b"/bin/true")]), "not a plain file"),
    "a script": (pack([("terraform", b"#!/bin/sh\n")]), "not a program for linux_amd64"),
    "a program of another system": (pack([("terraform", build_program("darwin_arm64"))]), "not a program for linux"),
    "too many members": (pack([("terraform", ELF), *((f"f{n}", b"") for n in range(200))]), "exactly one terraform"),
    "no zip": (b"PK\x03\x04", "not a zip"),
    "a zip that was cut": (pack([("terraform", ELF)])[:-30], "not a zip"),
}


@pytest.mark.parametrize(("data", "why"), ZIPS.values(), ids=ZIPS.keys())
def test_only_one_plain_program_is_unpacked(data: bytes, why: str) -> None:
    error = catch(OperationFailedError, extract_program, data, "terraform.zip", "terraform", "linux_amd64")
    assert error.problems[0].code == "E359" and why in error.problems[0].message


def test_program_that_grows_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envctl.adapters.terraform.packages.archive.MAX_PROGRAM_BYTES", 1 << 20)
    data = pack([("terraform", ELF + bytes(1 << 20))])
    error = catch(OperationFailedError, extract_program, data, "terraform.zip", "terraform", "linux_amd64")
    assert "is larger than 1 MiB" in error.problems[0].message


def test_pinned_program_is_installed_once(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish((HERE,))
    there, place = packages(publisher, tmp_path), os.fspath(publisher.folder)
    path, installed = there.install_program(PIN, place, "")
    assert installed and Path(path).read_bytes() == build_program(HERE)
    finder = ProgramFinder(tmp_path, lambda: PIN, FileHashes(tmp_path / "hashes.json").hash_file)
    assert finder.find_binary("", {"PATH": ""}) == (path,)
    assert there.install_program(PIN, "/nowhere", "") == (path, False)
    assert [each.name for each in Path(path).parent.iterdir()] == ["terraform"]


def test_damaged_program_is_installed_again(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish((HERE,))
    there, place = packages(publisher, tmp_path), os.fspath(publisher.folder)
    path, _ = there.install_program(PIN, place, os.fspath(tmp_path / "bin"))
    assert path == os.fspath(tmp_path / "bin" / "terraform")
    Path(path).write_bytes(b"cut")
    assert there.install_program(PIN, place, os.fspath(tmp_path / "bin")) == (path, True)
    assert Path(path).read_bytes() == build_program(HERE)


def test_mirror_with_other_bytes_installs_nothing(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish((HERE,), zips={HERE: pack([("terraform", build_program(HERE) + b"more")])})
    there = packages(publisher, tmp_path)
    with serve_folder(tmp_path / "mirror") as address:
        place = f"{address}/{{program}}/{{version}}"
        error = catch(OperationFailedError, there.install_program, PIN, place, os.fspath(tmp_path / "bin"))
    assert error.problems[0].code == "E359" and "pinned is" in error.problems[0].message
    assert not (tmp_path / "bin").exists()


UNREACHED: dict[str, tuple[Callable[[str], str], str]] = {
    "a file that is not there": (lambda address: f"{address}/other", "answers 404"),
    "redirects without end": (lambda address: f"{address}/round", "too many redirects"),
    "a closed port": (lambda _: "http://127.0.0.1:1", "can't be fetched"),
    "a folder that is not there": (lambda _: "/nowhere", "can't be read in /nowhere"),
}


@pytest.mark.parametrize(("place", "why"), UNREACHED.values(), ids=UNREACHED.keys())
def test_unreachable_package_is_told(
    place: Callable[[str], str], why: str, publisher: Publisher, tmp_path: Path
) -> None:
    publisher.publish((HERE,))
    with serve_folder(tmp_path / "mirror") as address:
        error = catch(OperationFailedError, packages(publisher, tmp_path).install_program, PIN, place(address), "")
    assert error.problems[0].code == "E359" and why in error.problems[0].message


def test_official_keys_have_the_published_fingerprints(tmp_path: Path) -> None:
    keyring = tmp_path / "keys.gpg"
    for program, key in load_official_keys().items():
        keyring.write_bytes(key.to_keyring())
        signer = Signer(tmp_path)
        listed = signer.run("--with-colons", "--show-keys", os.fspath(keyring)).decode()
        assert next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:")) == key.fingerprint
        assert OFFICIAL[program].startswith("https://") and OFFICIAL[program].endswith("{version}")
