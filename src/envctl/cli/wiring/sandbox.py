"""The sandbox of a command, started on first use by a process or the store."""

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from envctl.adapters.disk.files import is_file, read_bytes, read_text, write_text
from envctl.adapters.sandbox.environment import DEFAULT_ACCOUNT
from envctl.adapters.sandbox.files import describe_programs
from envctl.adapters.sandbox.lifecycle import Bucket, RunningSandbox, Sandbox
from envctl.domain.text.sha256 import sha256
from envctl.domain.text.urls import split_url

if TYPE_CHECKING:
    from envctl.domain.config.project import Project

STORE_ACCOUNT = DEFAULT_ACCOUNT
"""Account of the sandbox's own keys. It owns the store: no environment does."""


class EmbeddedAws:
    def __init__(self, root: Path, load_project: "Callable[[], Project]", report: Callable[[str], None]) -> None:
        self._root = root
        self._home = root / ".envctl" / "sandbox"
        self._load_project = load_project
        self._report = report
        self._lock = RLock()
        self._is_replaced = False
        self._seen: RunningSandbox | None = None

    def replace_environment(self) -> Mapping[str, str]:
        """Replace os.environ by one without real credentials; return it for child processes."""
        # Once, and by one thread: another one would find it empty.
        with self._lock:
            if not self._is_replaced:
                inherited = self.running_sandbox.build_environment(os.environ)
                os.environ.clear()
                os.environ.update(inherited)
                self._is_replaced = True
        return os.environ

    def client_options(self) -> Mapping[str, str]:
        """Return the proxy options for obstore: it ignores the proxy variables of the environment."""
        self.replace_environment()
        return {
            "proxy_url": self.running_sandbox.proxy_url,
            "proxy_ca_certificate": read_text(self.running_sandbox.ca_file),
        }

    @cached_property
    def running_sandbox(self) -> RunningSandbox:
        """The running sandbox with the buckets of the project; started on first access."""
        project_file, marker = self._root / "envctl.toml", self._home / "buckets"
        content = sha256(read_bytes(project_file)).hexdigest() if is_file(project_file) else ""
        digest = f"{content} {describe_programs()}"
        found = self._seen or Sandbox(self._home).find_running()
        if found and _read_if_present(marker) == f"{found.pid} {found.started_at} {digest}":
            return found
        running = self.start_sandbox(self._load_project())
        write_text(marker, f"{running.pid} {running.started_at} {digest}")
        return running

    def start_sandbox(self, project: "Project", port: int | None = None) -> RunningSandbox:
        self.remove_dead_sandbox()
        sandbox = Sandbox(self._home, endpoint_url=project.sandbox.endpoint_url)
        if sandbox.find_running() is None:
            self._report("starting the sandbox: real Terraform against an embedded AWS")
        with_clusters = any(stack.is_kubernetes for stack in project.stacks.values())
        return sandbox.start(port=port, buckets=_list_buckets(project), with_clusters=with_clusters)

    def remove_dead_sandbox(self) -> None:
        """Remove the files of a dead sandbox, with its work directories: call it before laying out new ones."""
        sandbox = Sandbox(self._home)
        self._seen = sandbox.find_running()
        if self._seen is None and sandbox.has_died():
            self._report("the earlier sandbox has stopped, and its contents are lost")
            sandbox.stop()


def _list_buckets(project: "Project") -> tuple[Bucket, ...]:
    from envctl.domain.aws.access import build_credentials_spec
    from envctl.domain.config.states.state_place import find_bucket_owner
    from envctl.domain.release.place.environment_place import list_state_buckets

    store = Bucket(split_url(project.store.url).netloc, build_credentials_spec(project, "").region, STORE_ACCOUNT)
    buckets = {store: None}
    for name in project.environments:
        account = find_bucket_owner(project, name) or STORE_ACCOUNT
        for bucket, region in list_state_buckets(project, name):
            buckets[Bucket(bucket, region, account)] = None
    return tuple(buckets)


def _read_if_present(file: Path) -> str:
    try:
        return read_text(file)
    except OSError:
        return ""
