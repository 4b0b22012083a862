"""The plugin cache as files: what passes for whole, what comes into it, and what of it a stack is shown."""

import errno
import os
from pathlib import Path

import pytest

from envctl.adapters.terraform.init import known_packages, plugin_cache
from envctl.adapters.terraform.init.known_packages import KnownPackage
from envctl.adapters.terraform.init.package_hash import hash_package
from envctl.adapters.terraform.init.plugin_cache import (
    OWN_FOLDER,
    PinnedProvider,
    PluginCache,
    link_packages,
    parse_pinned,
)

ADDRESS, HERE = "example.com/acme/tiny", "linux_amd64"
PLACE = f"{ADDRESS}/1.0.0/{HERE}"


def lay(folder: Path, content: str = "program") -> Path:
    package = folder / PLACE
    package.mkdir(parents=True)
    (package / "terraform-provider-tiny").write_text(content)
    (package / "more").mkdir()
    (package / "more" / "LICENSE").write_text("free")
    return package


def lock(*hashes: str) -> bytes:
    listed = "".join(f'    "{each}",\n' for each in hashes)
    return f'provider "{ADDRESS}" {{\n  version = "1.0.0"\n  hashes = [\n{listed}  ]\n}}\n'.encode()


def tiny(*hashes: str) -> PinnedProvider:
    return PinnedProvider(ADDRESS, "1.0.0", frozenset(hashes))


def test_package_hash_equals_that_of_terraform(tmp_path: Path) -> None:
    """Of a package that Terraform 1.15 unpacked and hashed itself."""
    package = tmp_path / "package"
    package.mkdir()
    text = f"#!/bin/sh\n# tiny 1.1.0 linux_amd64\n{'#' * 1000}\nexit 1\n"
    (package / "terraform-provider-tiny_v1.1.0").write_text(text)
    assert hash_package(package) == "h1:fSg04Nffqt5e9xzQAOQnvKV9oCF27bvyVMyLZkryB4A="


def test_package_matches_lock_by_its_hash(tmp_path: Path) -> None:
    package = lay(tmp_path)
    found = hash_package(package)
    cache = PluginCache(tmp_path)
    assert cache.find_matching(tiny(found, "zh:other")) == (package,)
    assert cache.find_matching(tiny("zh:other")) == cache.find_matching(tiny("h1:other")) == ()
    assert cache.find_matching(PinnedProvider(ADDRESS, "2.0.0", frozenset({found}))) == ()


def test_mismatch_needs_an_unpacked_hash_in_lock(tmp_path: Path) -> None:
    package = lay(tmp_path)
    cache = PluginCache(tmp_path)
    assert cache.has_mismatch(tiny("h1:other"))
    assert not cache.has_mismatch(tiny("zh:other"))
    assert not cache.has_mismatch(tiny(hash_package(package)))
    assert not PluginCache(tmp_path / "empty").has_mismatch(tiny("h1:other"))


def test_known_hash_counts_until_files_change_or_deletion(tmp_path: Path) -> None:
    package = lay(tmp_path)
    wanted = tiny(hash_package(package))
    program = package / "terraform-provider-tiny"
    assert PluginCache(tmp_path).find_matching(wanted)
    status = program.stat()
    program.write_text("PROGRAM")
    os.utime(program, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert PluginCache(tmp_path).find_matching(wanted)
    PluginCache(tmp_path).delete_records([wanted])
    assert not PluginCache(tmp_path).find_matching(wanted)
    program.write_text("program")
    assert PluginCache(tmp_path).find_matching(wanted)


def test_damaged_cache_record_is_rewritten(tmp_path: Path) -> None:
    package = lay(tmp_path)
    wanted = tiny(hash_package(package))
    assert PluginCache(tmp_path).find_matching(wanted)
    (record,) = (tmp_path / OWN_FOLDER / "known").rglob("*.json")
    for damaged in ("", "[]", '{"files": 1}', "{"):
        record.write_text(damaged)
        assert PluginCache(tmp_path).find_matching(wanted)


@pytest.mark.parametrize(
    "name",
    [
        '../../etc" "',
        "../../../etc",
        "example.com/../tiny",
        "example.com/acme/.hidden",
        "/example.com/acme",
        "example.com/acme/tiny/more",
    ],
)
def test_provider_name_can_not_leave_the_cache(name: str) -> None:
    assert parse_pinned(lock("h1:a").replace(ADDRESS.encode(), name.encode())) == ()


def test_provider_version_can_not_leave_the_cache() -> None:
    assert parse_pinned(lock("h1:a").replace(b"1.0.0", b"../1.0.0")) == ()
    assert parse_pinned(lock("h1:a", "zh:b")) == (tiny("h1:a", "zh:b"),)


def test_view_links_only_matching_packages(tmp_path: Path) -> None:
    cache, view = tmp_path / "cache", tmp_path / "view"
    package = lay(cache)
    lay(view, "half")
    link_packages(view, [package], cache)
    assert (view / PLACE).readlink() == package
    link_packages(view, [], cache)
    assert list(view.iterdir()) == []
    assert package.is_dir()


def test_installed_package_is_adopted_without_hashing(tmp_path: Path) -> None:
    cache, view = PluginCache(tmp_path / "cache"), tmp_path / "view"
    lay(view)
    cache.adopt_packages(view, lock("h1:as-terraform-says", "zh:b"))
    assert (view / PLACE).readlink() == tmp_path / "cache" / PLACE
    assert cache.find_matching(tiny("h1:as-terraform-says")) == (tmp_path / "cache" / PLACE,)
    assert list((tmp_path / "cache" / OWN_FOLDER / "moving").iterdir()) == []


def test_matching_hash_among_several_is_found(tmp_path: Path) -> None:
    cache, view = PluginCache(tmp_path / "cache"), tmp_path / "view"
    found = hash_package(lay(view))
    cache.adopt_packages(view, lock("h1:of-another-platform", found))
    assert cache.find_matching(tiny(found))
    assert not cache.find_matching(tiny("h1:of-another-platform"))


def test_link_to_mirror_is_adopted_as_a_link(tmp_path: Path) -> None:
    cache, view = PluginCache(tmp_path / "cache"), tmp_path / "view"
    package = lay(tmp_path / "mirror")
    (view / PLACE).parent.mkdir(parents=True)
    (view / PLACE).symlink_to(package)
    cache.adopt_packages(view, lock(hash_package(package)))
    assert (tmp_path / "cache" / PLACE).readlink() == package
    assert cache.find_matching(tiny(hash_package(package)))


def test_adopting_the_same_package_keeps_the_existing_one(tmp_path: Path) -> None:
    cache, view = PluginCache(tmp_path / "cache"), tmp_path / "view"
    package = lay(tmp_path / "cache")
    before, found = package.stat().st_ino, hash_package(package)
    lay(view)
    cache.adopt_packages(view, lock(found))
    assert package.stat().st_ino == before
    assert (view / PLACE).readlink() == package


def test_incomplete_package_is_replaced_by_complete_one(tmp_path: Path) -> None:
    cache, view = PluginCache(tmp_path / "cache"), tmp_path / "view"
    lay(tmp_path / "cache", "prog")
    assert cache.has_mismatch(tiny("h1:any"))
    found = hash_package(lay(view))
    cache.adopt_packages(view, lock(found))
    assert cache.find_matching(tiny(found))


def test_package_of_another_source_in_use_is_kept(tmp_path: Path) -> None:
    cache, view = PluginCache(tmp_path / "cache"), tmp_path / "view"
    theirs = hash_package(lay(tmp_path / "cache"))
    assert cache.find_matching(tiny(theirs))
    ours = hash_package(lay(view, "built elsewhere"))
    cache.adopt_packages(view, lock(ours))
    assert cache.find_matching(tiny(theirs))
    assert not cache.find_matching(tiny(ours))
    assert not (view / PLACE).is_symlink()


def test_cache_on_another_disk_gets_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def within_a_disk(self: Path, target: Path) -> Path:
        if self.is_relative_to(tmp_path / "view"):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", within_a_disk)
    cache, view = PluginCache(tmp_path / "cache"), tmp_path / "view"
    found = hash_package(lay(view))
    (view / PLACE / "terraform-provider-tiny").chmod(0o755)
    cache.adopt_packages(view, lock(found))
    assert hash_package(tmp_path / "cache" / PLACE) == found
    assert (tmp_path / "cache" / PLACE / "terraform-provider-tiny").stat().st_mode & 0o777 == 0o755
    assert (view / PLACE).is_symlink()


def test_late_adoption_keeps_package_of_the_first(tmp_path: Path) -> None:
    """On a disk that knows no locks: between a look at the cache and the move, somebody else has moved theirs."""
    there = tmp_path / "cache"

    class Late(PluginCache):
        def _adopt_package(self, package: Path, place: Path, new: str) -> None:
            lay(there)
            super()._replace_package(package, place)

    view = tmp_path / "view"
    lay(view)
    Late(there).adopt_packages(view, lock("h1:a"))
    assert (there / PLACE / "terraform-provider-tiny").read_text() == "program"


def test_remains_of_killed_processes_expire_after_a_day(tmp_path: Path) -> None:
    boxes = tmp_path / "cache" / OWN_FOLDER / "moving"
    for name, age in (("old", 2 * 86400), ("new", 60)):
        (boxes / name / "new").mkdir(parents=True)
        at = (boxes / name).stat().st_mtime - age
        os.utime(boxes / name, (at, at))
    view = tmp_path / "view"
    lay(view)
    PluginCache(tmp_path / "cache").adopt_packages(view, lock("h1:a"))
    assert [box.name for box in boxes.iterdir()] == ["new"]


def test_remembered_hash_is_not_used_after_a_doubt(tmp_path: Path) -> None:
    package = lay(tmp_path)
    known = known_packages.KnownPackages(tmp_path, tmp_path / "records", lambda _: "h1:remembered")
    assert known.identify_package(package) == KnownPackage("h1:remembered")
    known.delete_record(package)
    assert known.identify_package(package) == KnownPackage(hash_package(package))


def test_unreadable_package_is_not_complete(tmp_path: Path) -> None:
    package = lay(tmp_path)
    (package / "gone").symlink_to("nowhere")
    assert known_packages.KnownPackages(tmp_path, tmp_path / "records").identify_package(package) == KnownPackage()
    assert plugin_cache.list_packages(tmp_path, tiny("h1:a")) == (package,)
