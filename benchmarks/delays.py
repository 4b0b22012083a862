"""The sandbox, with an AWS that is as far away as a benchmark wants: each request waits before it is answered.

The wait is between the sandbox's proxy and moto. So it is one for each request and not for each connection, Terraform
and envctl meet it alike, and it costs no processor time, as a second proxy would.

`python -m benchmarks.delays DIRECTORY` is the server.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from aws_api_emulator import server
from aws_api_emulator.exchange import Caller, Cloud, EksCluster, Request, Response

from benchmarks.measure import clean_environment
from envctl.adapters.sandbox import launch
from envctl.adapters.sandbox.environment import build_server_environment
from envctl.adapters.sandbox.files import SandboxFiles
from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from envctl.adapters.sandbox.mirror import prepare_mirror

REPOSITORY = Path(__file__).parents[1]
_STARTS_WITHIN = 60.0


class FarCloud:
    """`file` holds the seconds that each request waits from now on."""

    def __init__(self, near: Cloud, file: Path) -> None:
        self._near = near
        self._file = file

    def answer_request(self, request: Request) -> Response:
        time.sleep(float(self._file.read_text()))
        return self._near.answer_request(request)

    def create_bucket(self, name: str, region: str, account_id: str) -> None:
        self._near.create_bucket(name, region, account_id)

    def find_cluster(self, host: str) -> EksCluster | None:
        return self._near.find_cluster(host)

    def identify_caller(self, access_key: str) -> Caller:
        return self._near.identify_caller(access_key)

    def warm_up(self, places: Sequence[tuple[str, str]]) -> None:
        self._near.warm_up(places)


class FarSandbox:
    """The sandbox of a project: `envctl --sandbox` finds it as it finds one that it has started."""

    def __init__(self, directory: Path, mirror: Path | None = None) -> None:
        self._directory = directory
        self._mirror = mirror
        self._delay = _delay(directory)

    def start(self) -> RunningSandbox:
        """`mirror` is that of another project: unpacking the provider takes longer than most benchmarks."""
        files = SandboxFiles(self._directory)
        self._directory.mkdir(parents=True, exist_ok=True)
        if self._mirror:
            files.mirror_folder.symlink_to(self._mirror)
        self.set_delay(0.0)
        with files.log_file.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.delays", *launch.list_arguments(files, None, None)],
                cwd=REPOSITORY,
                env=build_server_environment(clean_environment()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        prepare_mirror(files)
        return self._wait_until_ready(process)

    def set_delay(self, seconds: float) -> None:
        draft = self._delay.with_suffix(".draft")
        draft.write_text(str(seconds))
        draft.replace(self._delay)

    def stop(self) -> None:
        Sandbox(self._directory).stop()

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> RunningSandbox:
        deadline = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < deadline and process.poll() is None:
            if running := Sandbox(self._directory).find_running():
                # It outlives us until it is told to end; without this, Popen would warn that nobody waited for it.
                process.returncode = 0
                return running
            time.sleep(0.02)
        raise SystemExit(f"the sandbox does not start: {SandboxFiles(self._directory).log_file.read_text()}")


def _delay(directory: Path) -> Path:
    """Beside the folder, which `down` empties."""
    return directory.with_name("delay")


def main() -> int:
    file = _delay(Path(sys.argv[1]))
    return server.main(sys.argv[1:], lambda endpoint, port: FarCloud(server.create_cloud(endpoint, port), file))


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)
