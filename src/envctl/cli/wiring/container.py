"""The composition root: which adapter stands behind which port."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from envctl import __version__
from envctl.cli import memory_usage
from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import current
from envctl.cli.wiring.lazy_ui import LateConsent, LateObserver
from envctl.cli.wiring.tracing import traced
from envctl.domain.terraform.workdir_names import LOCK_FILE

if TYPE_CHECKING:
    from envctl.adapters.aws.alarms import CloudWatchAlarms
    from envctl.adapters.aws.s3_buckets import S3Buckets
    from envctl.adapters.aws.secrets import AwsSecrets
    from envctl.adapters.aws.sessions import Sessions
    from envctl.adapters.aws.signing import KmsSignatures
    from envctl.adapters.checks.pricing import PriceProgram
    from envctl.adapters.checks.prober import Prober
    from envctl.adapters.forge.reviews import GithubReviews
    from envctl.adapters.local.git import Git
    from envctl.adapters.local.machine import FileWitness, RandomMarks, SystemClock
    from envctl.adapters.local.new_folder import NewFolder
    from envctl.adapters.local.templates import PackagedTemplates
    from envctl.adapters.local.trace import FileTrace
    from envctl.adapters.registry.registries import Registries
    from envctl.adapters.store.object_store import Address, ObstoreStore
    from envctl.adapters.terraform.driver import TerraformDriver
    from envctl.adapters.terraform.environment.cleared_environment import Surroundings
    from envctl.adapters.terraform.formatting import TerraformFormatter
    from envctl.adapters.terraform.modules.fetch import TerraformModules
    from envctl.adapters.workspace.tree import ProjectTree
    from envctl.adapters.workspace.workspace import DirectoryWorkspace
    from envctl.cli.wiring.aws import AwsWiring
    from envctl.cli.wiring.readers import Languages
    from envctl.cli.wiring.sandbox import EmbeddedAws
    from envctl.domain.config.project import Project
    from envctl.domain.config.project_owner import Owner
    from envctl.domain.ledger.events import Actor
    from envctl.domain.ledger.trust import Trust
    from envctl.usecases.ports.core import Identity
    from envctl.usecases.ports.terraform import Trace


class Wired:
    """The ports of one command. Each adapter is imported and built when it is asked for: most commands need few."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._root = options.project.absolute()
        self._home = self._root / ".envctl" / "sandbox" if options.sandbox else self._root / ".envctl"
        # As the user has set it, before the sandbox changes it for all that runs in it.
        self._own = dict(os.environ)
        self.observer = LateObserver(options)
        self.consent = LateConsent(options, self.observer)

    @cached_property
    def tree(self) -> "ProjectTree":
        from envctl.adapters.workspace.tree import ProjectTree

        return ProjectTree(self._root)

    @cached_property
    def reader(self) -> "Languages":
        from envctl.cli.wiring.readers import Languages

        return Languages(sandbox=self._options.sandbox)

    @cached_property
    def store(self) -> "ObstoreStore":
        from envctl.adapters.store.object_store import ObstoreStore

        return ObstoreStore(
            self._root,
            lambda: self._address,
            self._client_options,
            region_of=self._on_aws.region_of,
            is_anothers=self._on_aws.is_anothers,
            find_credentials=self._on_aws.find_store_credentials,
        )

    def _client_options(self) -> Mapping[str, str]:
        from envctl.adapters.store import connect

        return self.aws.client_options() if self.aws else connect.client_options(os.environ)

    @cached_property
    def witness(self) -> "FileWitness":
        from envctl.adapters.local.machine import FileWitness

        return FileWitness(self._home / "witness.json", lambda: self._address.url)

    @cached_property
    def modules(self) -> "TerraformModules":
        from envctl.adapters.terraform.modules.fetch import TerraformModules

        # Code is real in the sandbox, too: nothing of it can be fetched through an embedded AWS.
        cache = self._root / ".envctl" / "cache" / "modules"
        return TerraformModules(self._root, cache, lambda: self._own, self._surroundings)

    @cached_property
    def formatter(self) -> "TerraformFormatter":
        from envctl.adapters.terraform.formatting import TerraformFormatter

        return TerraformFormatter(self._root, lambda: self._own, self._surroundings)

    @cached_property
    def _surroundings(self) -> "Surroundings":
        from envctl.adapters.terraform.environment.cleared_environment import Surroundings

        return Surroundings(self.observer.said)

    @cached_property
    def workspace(self) -> "DirectoryWorkspace":
        from envctl.adapters.workspace.workspace import DirectoryWorkspace

        if self.aws:
            self.aws.clear_away()
        context = f"{__version__} {sys.executable} {self._options.sandbox}"
        return DirectoryWorkspace(self._root, self._home / "work", context)

    @cached_property
    def terraform(self) -> "TerraformDriver":
        from envctl.adapters.terraform.driver import TerraformDriver
        from envctl.adapters.terraform.scheduler.capacity import Limits

        limits = Limits(self._options.parallelism, self._options.memory)
        return TerraformDriver(
            self._root,
            self._home,
            self._inherited_with,
            self.observer,
            limits=limits,
            trace=self.trace,
            secrecy=current(),
            surroundings=self._surroundings,
            locate=lambda *where: self.reader.place_rendered(self.tree.read("envctl.toml"), *where),
        )

    @cached_property
    def trace(self) -> "Trace":
        from envctl.usecases.ports.terraform import UNTRACED

        return self.tracing or UNTRACED

    @cached_property
    def tracing(self) -> "FileTrace | None":
        """For a command that asked for it."""
        if self._options.trace is None:
            return None
        from envctl.adapters.local.trace import FileTrace, started

        return FileTrace(self._options.trace, started(), current().redact)

    @cached_property
    def probes(self) -> "Prober":
        from envctl.adapters.checks.prober import Prober

        return Prober(self._root, lambda: os.environ, redact=current().redact_message)

    @cached_property
    def costs(self) -> "PriceProgram":
        from envctl.adapters.checks.pricing import PriceProgram

        return PriceProgram(self._root, lambda: os.environ, redact=current().redact_message)

    @cached_property
    def _on_aws(self) -> "AwsWiring":
        from envctl.cli.wiring.aws import AwsWiring

        return AwsWiring(self._root, self._home, self.inherited, lambda: self.project, self._actor)

    def _actor(self) -> "Actor":
        return self.identity.actor()

    @property
    def access(self) -> "Sessions":
        return self._on_aws.access

    @property
    def buckets(self) -> "S3Buckets":
        return self._on_aws.buckets

    @property
    def registries(self) -> "Registries":
        return self._on_aws.registries

    @property
    def secrets(self) -> "AwsSecrets":
        return self._on_aws.secrets

    @property
    def alarms(self) -> "CloudWatchAlarms":
        return self._on_aws.alarms

    @property
    def signatures(self) -> "KmsSignatures":
        return self._on_aws.signatures

    @cached_property
    def trust(self) -> "Trust":
        from envctl.usecases.ledger.trust import ENVIRONMENTS, trust

        if self._options.keys is None:
            return trust(self.tree, self.project, ENVIRONMENTS)
        from envctl.adapters.workspace.tree import ProjectTree

        return trust(ProjectTree(self._options.keys.absolute()), self.project, "")

    def close(self) -> None:
        self.observer.close()
        if "terraform" in self.__dict__:
            memory_usage.LAST.set(self.terraform.usage())
        if self.tracing is not None:
            self.tracing.close()
        # A store on this machine is looked into when it is asked for.
        read = self.store.seen() if "store" in self.__dict__ else ()
        if read and self.store.url.startswith("s3:"):
            from envctl.cli.completion.known_releases import remember

            remember(self._home, self.store.url, read)

    def inherited(self) -> Mapping[str, str]:
        """The environment that child processes inherit; in the sandbox there is nothing real in it."""
        return self.aws.environment() if self.aws else os.environ

    def _inherited_with(self, profile: str) -> Mapping[str, str]:
        """Where this machine has the profile. A job in CI has none, and credentials of its own."""
        inherited = self.inherited()
        if not profile:
            return inherited
        from envctl.adapters.local.profiles import is_known
        from envctl.domain.aws.access import with_profile

        return with_profile(inherited, profile) if is_known(profile, inherited) else inherited

    @cached_property
    def templates(self) -> "PackagedTemplates":
        from envctl.adapters.local.templates import PackagedTemplates

        return PackagedTemplates()

    @cached_property
    def ground(self) -> "NewFolder":
        from envctl.adapters.local.new_folder import NewFolder

        return NewFolder(self._options.project)

    @property
    def sandbox(self) -> bool:
        return self._options.sandbox

    @cached_property
    def clock(self) -> "SystemClock":
        from envctl.adapters.local.machine import SystemClock

        return SystemClock()

    @cached_property
    def marks(self) -> "RandomMarks":
        from envctl.adapters.local.machine import RandomMarks

        return RandomMarks()

    @cached_property
    def reviews(self) -> "GithubReviews":
        from envctl.adapters.forge.reviews import GithubReviews

        # Asked of GitHub itself, from within a sandbox too.
        return GithubReviews(lambda: self._own)

    @cached_property
    def identity(self) -> "Identity":
        from envctl.adapters.local.machine import LocalIdentity
        from envctl.domain.aws.access import on_aws

        local = LocalIdentity(self._root, os.environ)
        # Whoever tries things out stays who they are: the sandbox knows nobody.
        if self._options.sandbox or not on_aws(self.project):
            return local
        from envctl.adapters.aws.identity import AwsIdentity

        return AwsIdentity(local.actor, self.access.at_hand, self.inherited)

    @cached_property
    def versions(self) -> "Git":
        from envctl.adapters.local.git import Git

        return Git(self._root)

    @property
    def provider_lock(self) -> str:
        return f".envctl/sandbox/{LOCK_FILE}" if self._options.sandbox else LOCK_FILE

    @cached_property
    def aws(self) -> "EmbeddedAws | None":
        """The sandbox, for a command that asked for it."""
        if not self._options.sandbox:
            return None
        from envctl.cli.wiring.sandbox import EmbeddedAws

        return EmbeddedAws(self._root, lambda: self.project, self.observer.said)

    @cached_property
    def project(self) -> "Project":
        from envctl.usecases.project import load

        return load.project(self)

    @property
    def owner(self) -> "Owner":
        return self.project.owner

    @cached_property
    def _address(self) -> "Address":
        from envctl.adapters.store import connect
        from envctl.adapters.store.object_store import Address
        from envctl.domain.aws.access import passport

        own = passport(self.project, "")
        elsewhere = "" if self._options.sandbox else connect.endpoint(os.environ)
        return Address(
            self._options.store or self.project.store.url, own.region, own.profile, own.account_id, elsewhere
        )


def _is_here() -> bool:
    """Whether the folder that the command was started in is still there."""
    try:
        Path.cwd()
    except OSError:
        return False
    return True


@contextmanager
def wire(options: Options) -> Iterator[Wired]:
    """The ports for one command; whatever it showed while it ran is put in order at its end."""
    if not options.project.is_dir() or not _is_here():
        from envctl.domain.errors import Problem, UsageError

        message = f"--project {options.project} is not a folder"
        if not _is_here():
            raise UsageError(Problem("E007", "the folder that you are in is gone", "go to one that is there: cd"))
        raise UsageError(Problem("E007", message, "name the project's folder"))
    if options.sandbox and not options.json:
        # Plainly and at once: whoever reads this screen later must not take it for the real thing.
        sys.stderr.write("SANDBOX: an embedded AWS on this machine; nothing here is real\n")
    wired = Wired(options)
    try:
        yield wired if wired.tracing is None else traced(wired, wired.tracing)
    finally:
        wired.close()
