"""What stands in for the image of Python, which nobody can pull here, and how packages are reached from inside.

As a program it takes the command that mounts a container, and fills that.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = "python3,python3-venv,ca-certificates"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


def fill_root(root: Path) -> None:
    """A small Debian with apt and its own Python, where that image has them."""
    release = Path("/etc/os-release").read_text().splitlines()
    suite = next(line.partition("=")[2] for line in release if line.startswith("VERSION_CODENAME="))
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=apt", f"--include={PACKAGES}", suite, os.fspath(root)], check=True
    )
    for folder in ("doc", "locale", "man"):
        shutil.rmtree(root / "usr" / "share" / folder)
    (root / "usr" / "local" / "bin" / "python").symlink_to("/usr/bin/python3")
    # Whom this machine believes, is believed in there too.
    shutil.copy(AUTHORITIES, root / AUTHORITIES.relative_to("/"))


def read_pip_settings() -> str:
    """How this machine reaches its packages."""
    command = [sys.executable, "-I", "-m", "pip", "config", "list"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    known = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    wanted = ("index-url", "extra-index-url", "trusted-host", "proxy")
    told = {name: known[key].strip("'") for name in wanted for key in known if key.endswith(f".{name}")}
    return "\n".join(["[global]", f"cert = {AUTHORITIES}", *(f"{name} = {value}" for name, value in told.items()), ""])


if __name__ == "__main__":
    fill_root(Path(subprocess.run(sys.argv[1:], capture_output=True, text=True, check=True).stdout.strip()))
