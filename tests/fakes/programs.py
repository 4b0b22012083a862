"""The ProgramPackages port in memory: each package has a digest of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from envctl.domain.terraform.program_pin import Program, ProgramPin
from envctl.domain.text.sha256 import sha256


@dataclass
class MemoryPrograms:
    """`asked` has the places of all requests, and `installed` the digests by folder."""

    platform: str = "linux_amd64"
    asked: list[str] = field(default_factory=list)
    installed: dict[str, str] = field(default_factory=dict)

    def read_platform(self) -> str:
        return self.platform

    def hash_programs(self, program: Program, version: str, platforms: Sequence[str], place: str) -> Mapping[str, str]:
        self.asked.append(place)
        return {each: sha256(f"{program} {version} {each}".encode()).hexdigest() for each in platforms}

    def install_program(self, pin: ProgramPin, place: str, folder: str) -> tuple[str, bool]:
        self.asked.append(place)
        wanted, path = pin.sha256[self.platform], f"{folder or '.envctl'}/{pin.program}"
        is_new = self.installed.get(path) != wanted
        self.installed[path] = wanted
        return path, is_new
