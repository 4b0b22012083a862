"""The composition root: which adapter stands behind which port."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from envctl import __version__
from envctl.adapters.local.git import Git
from envctl.adapters.local.machine import FileWitness, LocalIdentity, SystemClock
from envctl.adapters.store.object_store import Address, ObstoreStore
from envctl.adapters.terraform.driver import TerraformDriver
from envctl.adapters.workspace.tree import ProjectTree
from envctl.adapters.workspace.workspace import DirectoryWorkspace
from envctl.cli.embedded_aws import EmbeddedAws
from envctl.cli.languages import Languages
from envctl.cli.options import Options
from envctl.cli.speaking import LateConsent, LateObserver
from envctl.domain.errors import Problem, UsageError
from envctl.domain.release import LOCK_FILE
from envctl.usecases.ports import Ports

if TYPE_CHECKING:
    from rich.console import Console

    from envctl.domain.project import Project


class Wired:
    """The ports of one command, and what has to be closed after it."""

    def __init__(self, options: Options) -> None:
        root = options.project.absolute()
        if not root.is_dir():
            raise UsageError(
                Problem("E007", f"--project {options.project} is not a folder", "name the project's folder")
            )
        self._options = options
        self._observer = LateObserver(options)
        home = root / ".envctl" / "sandbox" if options.sandbox else root / ".envctl"
        self.aws = EmbeddedAws(root, lambda: self.project, self._observer.said) if options.sandbox else None
        aws = self.aws
        context = f"{__version__} {sys.executable} {'sandbox' if options.sandbox else ''}"
        self.ports = Ports(
            tree=ProjectTree(root),
            reader=Languages(sandbox=options.sandbox),
            store=ObstoreStore(root, lambda: self._address, aws.client_options if aws else dict),
            witness=FileWitness(home / "witness.json", lambda: self._address.url),
            workspace=DirectoryWorkspace(root, home / "work", context),
            terraform=TerraformDriver(
                home / "work", home / "cache", aws.environment if aws else lambda: os.environ, self._observer
            ),
            clock=SystemClock(),
            identity=LocalIdentity(root, os.environ),
            versions=Git(root),
            observer=self._observer,
            consent=LateConsent(options),
            provider_lock=f".envctl/sandbox/{LOCK_FILE}" if options.sandbox else LOCK_FILE,
        )

    @property
    def out(self) -> "Console":
        from envctl.cli.consoles import stdout

        return stdout(self._options)

    def close(self) -> None:
        self._observer.close()

    @cached_property
    def project(self) -> "Project":
        from envctl.usecases import load

        return load.project(self.ports)

    @cached_property
    def _address(self) -> Address:
        project = self.project
        return Address(project.store.url, project.environments[project.entry].region or "us-east-1")


@contextmanager
def wire(options: Options) -> Iterator[Wired]:
    wired = Wired(options)
    if options.sandbox and not options.json:
        # Plainly and at once: whoever reads this screen later must not take it for the real thing.
        sys.stderr.write("SANDBOX: an embedded AWS on this machine; nothing here is real\n")
    try:
        yield wired
    finally:
        wired.close()
