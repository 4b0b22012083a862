"""The life of a provider with its keeper: real processes, and a script in place of the provider."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from envctl.adapters.terraform.warm.provider_process import ProviderDeath, WarmProvider, create_socket_folder
from tests.adapters.terraform.warm.conftest import PROGRAM, READY, WAIT, TinyPackage, is_running, wait_until
from tests.descriptors import count_descriptors

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="warm providers exist on Linux alone")


@dataclass
class Nursery:
    """Starts providers, and ends those that a test leaves."""

    tiny: TinyPackage
    folder: Path
    started: list[WarmProvider] = field(default_factory=list)
    opened: ExitStack = field(default_factory=ExitStack)

    def launch(self, script: str = READY + WAIT, **more: str) -> WarmProvider:
        """Start a provider; it may have no address yet."""
        self.tiny.script.write_text(script)
        package = self.opened.enter_context(closing(self.tiny.open()))
        self.started.append(WarmProvider(package, self.folder, self.tiny.variables | more))
        return self.started[-1]

    def start(self, script: str = READY + WAIT, **more: str) -> tuple[WarmProvider, int]:
        """Return a provider that listens, and its process."""
        provider = self.launch(script, **more)
        address = provider.await_address(lambda: False)
        self.opened.close()
        assert address is not None
        return provider, address.pid


@pytest.fixture
def nursery(tiny: TinyPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nursery]:
    with tempfile.TemporaryDirectory(prefix="w-") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        found = Nursery(tiny, tmp_path)
        yield found
        for each in found.started:
            each.end()
            each.await_end()
        found.opened.close()
        assert list(Path(short).iterdir()) == []


def test_ended_provider_leaves_nothing(nursery: Nursery) -> None:
    provider, pid = nursery.start()
    assert provider.is_alive()
    assert not provider.has_ended()
    assert provider.address is not None
    folder = Path(provider.address.socket).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    provider.end()
    wait_until(lambda: not is_running(pid), seconds=2)
    wait_until(provider.has_ended, seconds=2)
    assert not folder.exists()
    provider.end()
    assert not provider.is_alive()


def test_descriptors_are_closed_at_the_end(nursery: Nursery) -> None:
    before = count_descriptors()
    provider, _ = nursery.start()
    provider.end()
    provider.await_end()
    assert not count_descriptors() - before


def test_provider_lives_as_long_as_any_holder(nursery: Nursery) -> None:
    provider, pid = nursery.start()
    assert provider.address is not None
    folder = Path(provider.address.socket).parent
    with subprocess.Popen(["/bin/sleep", "60"], pass_fds=[provider.lifeline]) as terraform:
        # As if envctl were killed.
        os.close(provider.lifeline)
        provider.lifeline = -1
        time.sleep(0.3)
        assert is_running(pid)
        terraform.kill()
    wait_until(lambda: not is_running(pid), seconds=2)
    # By the keeper.
    wait_until(lambda: not folder.exists(), seconds=2)
    wait_until(provider.has_ended, seconds=2)


def test_end_does_not_wait_for_other_holders(nursery: Nursery) -> None:
    provider, pid = nursery.start()
    with subprocess.Popen(["/bin/sleep", "60"], pass_fds=[provider.lifeline]) as child:
        provider.end()
        wait_until(lambda: not is_running(pid), seconds=2)
        child.kill()


def test_provider_that_ignores_termination_is_killed(nursery: Nursery) -> None:
    provider, pid = nursery.start("trap '' TERM INT HUP\n" + READY + WAIT)
    provider.end()
    wait_until(lambda: not is_running(pid), seconds=2)


def test_provider_is_asked_to_end_first(nursery: Nursery, tmp_path: Path) -> None:
    wait = "while :; do sleep 0.05; done\n"
    provider, _ = nursery.start(f"trap 'touch {tmp_path}/asked; exit' TERM\n{READY}{wait}")
    provider.end()
    wait_until((tmp_path / "asked").exists, seconds=2)


def test_killed_keeper_takes_its_provider_along(nursery: Nursery) -> None:
    provider, pid = nursery.start()
    os.kill(provider._keeper.pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid), seconds=2)
    assert not provider.is_alive()
    assert provider.find_death() == ProviderDeath(PROGRAM, -signal.SIGKILL, "")
    provider.end()
    wait_until(provider.has_ended)


def test_keeper_killed_before_the_address_is_no_start(nursery: Nursery) -> None:
    provider = nursery.launch("sleep 60\n")
    os.kill(provider._keeper.pid, signal.SIGKILL)
    assert provider.await_address(lambda: False) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_keeper_ignores_signals_for_terraform(nursery: Nursery, number: int) -> None:
    provider, pid = nursery.start()
    os.kill(provider._keeper.pid, number)
    time.sleep(0.2)
    assert provider.is_alive()
    assert is_running(pid)


def read_signals(pid: int) -> tuple[int, int]:
    """Return the ignored and the blocked signals of a process, as bits."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["SigIgn"], 16), int(status["SigBlk"], 16)


RESET = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)


def test_signals_are_as_usual_in_the_provider(nursery: Nursery) -> None:
    _, pid = nursery.start()

    # A job in the background ignores some, and its programs inherit that.
    inherited = read_signals(os.getpid())[0] & ~sum(1 << number - 1 for number in RESET)

    def are_usual() -> bool:
        ignored, blocked = read_signals(pid)
        return (ignored & ~inherited, blocked) == (0, 0)

    # bash itself changes some for a moment.
    wait_until(are_usual)


@pytest.mark.parametrize(
    ("end", "status"), [("exit 3", 3), ("kill -9 $$", -signal.SIGKILL), ("kill -11 $$", -signal.SIGSEGV)]
)
def test_death_is_reported_with_last_output(nursery: Nursery, end: str, status: int) -> None:
    go = nursery.folder / "go"
    wait = f"until [ -e {go} ]; do sleep 0.02; done\n"
    provider, pid = nursery.start(f"{READY}{wait}echo out\necho panic: help >&2\n{end}\n")
    go.touch()
    wait_until(lambda: not is_running(pid))
    death = provider.find_death()
    assert death is not None
    assert (death.program, death.status) == (PROGRAM, status)
    assert sorted(death.output.splitlines()) == ["out", "panic: help"]
    assert provider.find_death() == death
    assert not provider.is_alive()


def test_living_provider_has_no_death(nursery: Nursery) -> None:
    provider, _ = nursery.start()
    begin = time.monotonic()
    assert provider.find_death() is None
    assert time.monotonic() - begin < 0.5


def test_long_output_is_read_and_cut(nursery: Nursery) -> None:
    provider, pid = nursery.start(f"{READY}sleep 0.3\nseq -f line-%.0f 200000 >&2\necho last; exit 1\n")
    wait_until(lambda: not is_running(pid), seconds=20)
    # Its report is longer than a pipe.
    assert not provider.is_alive()
    death = provider.find_death()
    assert death is not None
    assert len(death.output) <= 256 << 10
    assert "line-200000" in death.output
    assert "last" in death.output


def test_children_of_a_provider_end_with_it(nursery: Nursery, tmp_path: Path) -> None:
    provider, _ = nursery.start(f"sleep 60 &\necho $! > {tmp_path}/child\n{READY}{WAIT}")
    child = int((tmp_path / "child").read_text())
    assert is_running(child)
    provider.end()
    wait_until(lambda: not is_running(child), seconds=2)


def test_children_of_a_dead_provider_end_too(nursery: Nursery, tmp_path: Path) -> None:
    _, pid = nursery.start(f"sleep 60 &\necho $! > {tmp_path}/child\n{READY}{WAIT}")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(int((tmp_path / "child").read_text())), seconds=2)


def test_child_that_goes_on_writing_ends_nothing(nursery: Nursery, tmp_path: Path) -> None:
    provider, _ = nursery.start(f"setsid yes &\necho $! > {tmp_path}/child\n{READY}{WAIT}")
    provider.end()
    wait_until(provider.has_ended, seconds=3)
    with suppress(ProcessLookupError):
        os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


@pytest.mark.parametrize(
    "script",
    [
        "exit 1\n",
        "echo This binary is a plugin\nsleep 60\n",
        'echo "1|5|unix|$PLUGIN_UNIX_SOCKET_DIR/plugin1|grpc|MIIB"\nsleep 60\n',
        'echo "1|5|unix|/tmp/plugin1|grpc|"\nsleep 60\n',
        'echo "1|5|unix|$PLUGIN_UNIX_SOCKET_DIR/../plugin1|grpc|"\nsleep 60\n',
        "head -c 100000 /dev/zero\nsleep 60\n",
    ],
    ids=["ends", "other line", "certificate", "socket elsewhere", "socket above", "endless line"],
)
def test_other_program_has_no_address(nursery: Nursery, script: str) -> None:
    begin = time.monotonic()
    assert nursery.launch(script).await_address(lambda: False) is None
    assert time.monotonic() - begin < 20


def test_slow_handshake_in_parts_is_read(nursery: Nursery) -> None:
    provider, _ = nursery.start(f'printf "1|6|unix|"\nsleep 0.3\necho "$TMPDIR/a|grpc||true"\n{WAIT}')
    assert provider.address is not None
    assert provider.address.protocol == 6


def test_stop_of_the_user_ends_the_wait(nursery: Nursery) -> None:
    assert nursery.launch("sleep 60\n").await_address(lambda: True) is None


@pytest.mark.parametrize("way", ["rename", "link", "another file", "times"])
def test_package_changed_before_the_start_gets_no_address(nursery: Nursery, way: str) -> None:
    tiny = nursery.tiny
    with closing(tiny.open()) as package:
        if way == "rename":
            shutil.copy("/bin/bash", tiny.folder / "new")
            (tiny.folder / "new").replace(tiny.program)
        elif way == "link":
            tiny.program.unlink()
            tiny.program.symlink_to("/bin/bash")
        elif way == "another file":
            (tiny.folder / "LICENSE").write_text("not free")
        else:
            tiny.program.touch()
        nursery.started.append(WarmProvider(package, nursery.folder, tiny.variables))
        assert nursery.started[-1].await_address(lambda: False) is None


def test_running_program_is_the_one_compared(nursery: Nursery) -> None:
    tiny = nursery.tiny
    with closing(tiny.open()) as package:
        evil = tiny.folder / "evil"
        evil.write_text("#!/bin/sh\necho evil > stolen\n")
        evil.chmod(0o755)
        evil.replace(tiny.program)
        nursery.started.append(WarmProvider(package, nursery.folder, tiny.variables))
        assert nursery.started[-1].await_address(lambda: False) is None
    assert not (nursery.folder / "stolen").exists()


def test_program_can_not_be_rewritten_while_it_runs(nursery: Nursery) -> None:
    nursery.start(READY + "while :; do sleep 1; done\n")
    with pytest.raises(OSError, match="Text file busy"):
        nursery.tiny.program.open("r+b")


def test_provider_inherits_no_other_descriptor(nursery: Nursery, tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        stdin, other = os.dup(0), os.open("/dev/zero", os.O_RDONLY)
        os.dup2(other, 0)
        provider, pid = nursery.start()
        os.dup2(stdin, 0)
        for each in (stdin, other):
            os.close(each)
        # bash itself has its script open for a moment.
        wait_until(lambda: {each.name for each in Path(f"/proc/{pid}/fd").iterdir()} == {"0", "1", "2"})
        assert os.fspath(Path(f"/proc/{pid}/fd/0").readlink()) == os.devnull
        own = [os.fspath(each.readlink()) for each in Path(f"/proc/{provider._keeper.pid}/fd").iterdir()]
        assert not [each for each in own if "lock" in each]
        # Only a pipe with no other writer than envctl and Terraform ends with them.
        lifeline = os.fspath(Path(f"/proc/self/fd/{provider.lifeline}").readlink())
        flags = [
            Path(f"/proc/{provider._keeper.pid}/fdinfo/{each.name}").read_text()
            for each in Path(f"/proc/{provider._keeper.pid}/fd").iterdir()
            if os.fspath(each.readlink()) == lifeline
        ]
        assert len(flags) == 1
        assert int(flags[0].split("flags:")[1].split()[0], 8) & os.O_ACCMODE == os.O_RDONLY


def holds_planted(process: int) -> bool:
    return b"planted" in Path(f"/proc/{process}/environ").read_bytes()


def test_secret_is_in_no_argument(nursery: Nursery) -> None:
    provider, pid = nursery.start(AWS_SECRET_ACCESS_KEY="planted-key")
    for each in (provider._keeper.pid, pid):
        assert b"planted" not in Path(f"/proc/{each}/cmdline").read_bytes()
        # Empty for a moment while a process becomes another program.
        wait_until(partial(holds_planted, each))
        assert Path(f"/proc/{each}/environ").stat().st_mode & 0o077 == 0


def test_files_of_a_provider_are_private(nursery: Nursery, tmp_path: Path) -> None:
    nursery.start(f"touch {tmp_path}/file $TMPDIR/file\n{READY}{WAIT}")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_start_without_keeper_leaves_nothing(nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    before = count_descriptors()
    with pytest.raises(FileNotFoundError):
        nursery.launch()
    nursery.opened.close()
    assert not count_descriptors() - before


def test_many_open_files_are_no_obstacle(nursery: Nursery) -> None:
    """`select` takes no descriptor above 1023."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        provider, _ = nursery.start()
        assert provider.is_alive()
        provider.end()
        provider.await_end()
    finally:
        for each in opened:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


LONG = "d" * 80


@pytest.mark.parametrize(
    ("temporary", "runtime", "chosen"),
    [
        ("t", "r", "t"),
        (LONG, "r", "r"),
        ("missing", "r", "r"),
        (LONG, LONG, "/tmp"),
        (LONG, "", "/tmp"),
        (LONG, "missing", "/tmp"),
        ("é" * 40, "r", "r"),
    ],
)
def test_socket_folder_has_a_short_path(
    monkeypatch: pytest.MonkeyPatch, temporary: str, runtime: str, chosen: str
) -> None:
    with tempfile.TemporaryDirectory(prefix="w-") as short:
        for name in {temporary, runtime} - {"missing", ""}:
            (Path(short) / name).mkdir()
        monkeypatch.setenv("TMPDIR", f"{short}/{temporary}")
        monkeypatch.setenv("XDG_RUNTIME_DIR", f"{short}/{runtime}" if runtime else "")
        folder = create_socket_folder()
        try:
            assert folder.startswith(f"{Path(short) / chosen}/")
            assert len(os.fsencode(f"{folder}/plugin4294967295")) <= 107
            assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
        finally:
            Path(folder).rmdir()
        assert list(Path(short).rglob("envctl-*")) == []


def test_without_a_short_path_there_is_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(OSError, match="short enough"):
        create_socket_folder()
