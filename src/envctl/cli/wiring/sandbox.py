"""The sandbox of a command: started when the first process or store needs it."""

import hashlib
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from envctl.adapters.disk.reading import is_file, read_bytes, read_text
from envctl.adapters.disk.writing import write_text
from envctl.adapters.sandbox.environment import OWN_ACCOUNT
from envctl.adapters.sandbox.lifecycle import Bucket, RunningSandbox, Sandbox

if TYPE_CHECKING:
    from envctl.domain.config.project import Project

STORE_ACCOUNT = OWN_ACCOUNT
"""The account of the sandbox's own keys: the store belongs to none of the environments."""


class EmbeddedAws:
    def __init__(self, root: Path, load: "Callable[[], Project]", say: Callable[[str], None]) -> None:
        self._root = root
        self._home = root / ".envctl" / "sandbox"
        self._load = load
        self._say = say

    def environment(self) -> Mapping[str, str]:
        """The environment of every child process, and from now on of this one: no real credentials are left in it."""
        inherited = self.running.environment(os.environ)
        os.environ.clear()
        os.environ.update(inherited)
        return inherited

    def client_options(self) -> Mapping[str, str]:
        """For obstore, which takes no proxy from the environment."""
        self.environment()
        return {"proxy_url": self.running.proxy_url, "proxy_ca_certificate": read_text(self.running.ca_file)}

    @cached_property
    def running(self) -> RunningSandbox:
        """The sandbox with the buckets of the project in it; started where it does not run."""
        project_file = self._root / "envctl.toml"
        known = self._home / "buckets"
        found = Sandbox(self._home).running()
        if found and _read(known) == self._mark(found, project_file):
            return found
        project = self._load()
        running = self.start(project)
        write_text(known, self._mark(running, project_file))
        return running

    def start(self, project: "Project", port: int | None = None) -> RunningSandbox:
        self.clear_away()
        sandbox = Sandbox(self._home, endpoint_url=project.sandbox.endpoint_url)
        if sandbox.running() is None:
            self._say("starting the sandbox: real Terraform against an embedded AWS")
        return sandbox.up(port=port, buckets=_buckets(project))

    def clear_away(self) -> None:
        """What a sandbox has left that died. It goes before anything is laid out: its work directories go with it."""
        sandbox = Sandbox(self._home)
        if sandbox.died():
            self._say("the sandbox that ran before has died, and what it held is lost")
            sandbox.down()

    def _mark(self, running: RunningSandbox, project_file: Path) -> str:
        digest = hashlib.sha256(read_bytes(project_file)).hexdigest() if is_file(project_file) else ""
        return f"{running.pid} {running.started_at} {digest}"


def _buckets(project: "Project") -> tuple[Bucket, ...]:
    from envctl.domain.aws.access import passport
    from envctl.usecases.project.state_location import place

    store = Bucket(urlsplit(project.store.url).netloc, passport(project, "").region, STORE_ACCOUNT)
    wanted = {store: None}
    for name, environment in project.environments.items():
        settings = place(project, name).backend.settings
        account = environment.account_id or STORE_ACCOUNT
        wanted[Bucket(str(settings["bucket"]), str(settings["region"]), account)] = None
    return tuple(wanted)


def _read(file: Path) -> str:
    try:
        return read_text(file)
    except OSError:
        return ""
