"""What stands in for the image of Node.js, which nobody can pull here, and how packages are reached from inside.

As a program it takes the command that mounts a container, and fills that.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = "base-files,dash,coreutils,libc6,libstdc++6,libgcc-s1"
ACCOUNTS = {
    "passwd": "root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n",
    "group": "root:x:0:\nnode:x:1000:\n",
}


def fill_root(root: Path) -> None:
    """A small Debian with this machine's Node.js and npm, where that image has them."""
    release = Path("/etc/os-release").read_text().splitlines()
    suite = next(line.partition("=")[2] for line in release if line.startswith("VERSION_CODENAME="))
    packages = f"--include={PACKAGES}"
    subprocess.run(["mmdebstrap", "--quiet", "--variant=extract", packages, suite, os.fspath(root)], check=True)
    for folder in ("doc", "locale", "man"):
        shutil.rmtree(root / "usr" / "share" / folder)
    local = root / "usr" / "local"
    (local / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copy2(_find_program("node"), local / "bin" / "node")
    npm, unread = _find_program("npm").parents[1], shutil.ignore_patterns("docs", "man")
    shutil.copytree(npm, local / "lib" / "node_modules" / "npm", symlinks=True, ignore=unread)
    for name in ("npm", "npx"):
        (local / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
    for name, text in ACCOUNTS.items():
        (root / "etc" / name).write_text(text)
    authorities = read_npm_config()["cafile"]
    if authorities != "null":
        copied = root / authorities.lstrip("/")
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(authorities, copied)


def read_npmrc() -> str:
    """How this machine reaches its packages."""
    found = read_npm_config()
    files = [Path(found[name]) for name in ("globalconfig", "userconfig")]
    return "\n".join(file.read_text() for file in files if file.is_file())


def read_npm_config() -> dict[str, str]:
    command = ["npm", "config", "get", "globalconfig", "userconfig", "cafile"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def _find_program(name: str) -> Path:
    found = shutil.which(name)
    assert found, f"{name} has to be installed"
    return Path(found).resolve()


if __name__ == "__main__":
    fill_root(Path(subprocess.run(sys.argv[1:], capture_output=True, text=True, check=True).stdout.strip()))
