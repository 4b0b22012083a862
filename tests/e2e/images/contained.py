"""Becomes the first process of a container: run in mount points and processes of its own, with what to do as JSON."""

import ctypes
import errno
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

MOUNT = "/usr/bin/mount"
PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
DEVICES = {"null": 3, "zero": 5, "urandom": 9}
MEMORY_DEVICES = 1


def mount_root(told: dict[str, Any]) -> Path:
    """Read-only but for /proc and scratch folders, and with the files and folders that were given."""
    root = Path(subprocess.run(told["mount"], check=True, capture_output=True, text=True).stdout.strip())
    subprocess.run([MOUNT, "-t", "proc", "proc", root / "proc"], check=True)
    subprocess.run([MOUNT, "-t", "tmpfs", "-o", "mode=755", "dev", root / "dev"], check=True)
    for name, minor in DEVICES.items():
        os.mknod(root / "dev" / name, stat.S_IFCHR, os.makedev(MEMORY_DEVICES, minor))
        (root / "dev" / name).chmod(0o666)
    if told["files"]:
        subprocess.run([MOUNT, "-t", "tmpfs", "-o", "mode=755", "run", root / "run"], check=True)
    for path, text in told["files"].items():
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    subprocess.run([MOUNT, "--rbind", root, root], check=True)
    subprocess.run([MOUNT, "-o", "remount,bind,ro", root], check=True)
    for folder, source in told.get("folders", {}).items():
        there = root / folder.lstrip("/")
        subprocess.run([MOUNT, "--bind", source, there], check=True)
        subprocess.run([MOUNT, "-o", "remount,bind,ro", there], check=True)
    for folder in told.get("scratch", []):
        subprocess.run([MOUNT, "-t", "tmpfs", "-o", "mode=1777", "scratch", root / folder.lstrip("/")], check=True)
    return root


def drop_privileges(user: int, group: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) and ctypes.get_errno() == errno.EINVAL:
            break
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    # Whoever changes its user forgets that it has to end with its parent.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def main() -> None:
    told = json.loads(sys.argv[1])
    os.chroot(mount_root(told))
    os.chdir(told["directory"])
    drop_privileges(*told["user"])
    os.execvpe(told["command"][0], told["command"], told["environment"])


main()
