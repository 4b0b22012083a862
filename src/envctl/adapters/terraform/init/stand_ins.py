"""Stand-ins for provider packages while `terraform init` runs.

Init hashes each package of some hundred megabytes, and never starts it. Where envctl has compared a package with the
lock itself, init gets a folder with an empty program in its place, whose hash stands in the lock beside the known ones.
So Terraform still checks versions, constraints of all modules, and providers of the state. Afterwards, links and lock
are what an init with the packages makes.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.terraform.init.package_hash import combine_hashes
from envctl.adapters.terraform.init.plugin_cache import PinnedProvider
from envctl.domain.terraform.provider_lock import add_hashes, split_provider_blocks

_EMPTY_FILE = hashlib.sha256().hexdigest()


@dataclass(frozen=True)
class StandIns:
    """Stand-ins for `packages`, the one package in `cache` of each provider. `lock` is the lock with the real hashes.

    Each stand-in has the path of its package.
    """

    lock: bytes
    packages: Mapping[PinnedProvider, Path]
    cache: Path

    def write_folders(self, view: Path, installed: Path) -> None:
        """Write the stand-ins into a view of the plugin cache, and link them as installed."""
        for provider, package in self.packages.items():
            place = view / package.relative_to(self.cache)
            place.mkdir(parents=True)
            (place / _name_program(provider.address)).touch()
            link = installed / package.relative_to(self.cache)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(place)

    def build_lock(self) -> bytes:
        """Return the lock that accepts packages and stand-ins."""
        return add_hashes(self.lock, {each.address: hash_stand_in(each.address) for each in self.packages})

    def is_usual_lock(self) -> bool:
        """Return whether the lock is written as Terraform does. It may rewrite any other one."""
        return remove_stand_ins(self.build_lock()) == self.lock

    def restore_lock(self, written: bytes) -> bytes | None:
        """Return the lock that init would have written with the packages; None if that is not certain."""
        if written == self.build_lock():
            return self.lock
        restored, known = remove_stand_ins(written), split_provider_blocks(self.lock)
        wanted = {each.address for each in self.packages}
        found = split_provider_blocks(restored)
        is_certain = all(address in wanted and block == known[address] for address, block in found.items())
        return restored if is_certain else None


def remove_stand_ins(lock: bytes) -> bytes:
    """Return the lock without the hashes of stand-ins, which a killed init may have left."""
    for address in split_provider_blocks(lock):
        lock = lock.replace(f'    "{hash_stand_in(address)}",\n'.encode(), b"")
    return lock


def hash_stand_in(address: str) -> str:
    return combine_hashes({_name_program(address): _EMPTY_FILE})


def _name_program(address: str) -> str:
    return f"terraform-provider-{address.rpartition('/')[2]}"
