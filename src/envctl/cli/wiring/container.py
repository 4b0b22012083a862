"""The composition root: builds the adapter of each port."""

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
from envctl.cli.output.redaction import current_redaction
from envctl.cli.wiring.lazy_ui import LateObserver, LatePrompter
from envctl.cli.wiring.tracing import trace_ports
from envctl.domain.terraform.workdir_names import LOCK_FILE

if TYPE_CHECKING:
    from envctl.adapters.aws.alarms import CloudWatchAlarms
    from envctl.adapters.aws.s3_buckets import S3Buckets
    from envctl.adapters.aws.secrets import AwsSecrets
    from envctl.adapters.aws.sessions import Sessions
    from envctl.adapters.aws.signing import KmsSignatures
    from envctl.adapters.checks.check_runner import LocalCheckRunner
    from envctl.adapters.checks.cost_program import CostProgram
    from envctl.adapters.forge.reviews import GithubReviews
    from envctl.adapters.local.git import Git
    from envctl.adapters.local.machine import FileHeadCache, RandomNonces, SystemClock
    from envctl.adapters.local.new_folder import NewProjectFolder
    from envctl.adapters.local.templates import PackagedTemplates
    from envctl.adapters.local.trace import FileTracer
    from envctl.adapters.registry.registries import Registries
    from envctl.adapters.store.object_store import ObstoreStore, StoreAddress
    from envctl.adapters.terraform.driver import TerraformDriver
    from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter
    from envctl.adapters.terraform.formatting import TerraformFormatter
    from envctl.adapters.terraform.modules.fetch import TerraformModules
    from envctl.adapters.workspace.tree import ProjectTree
    from envctl.adapters.workspace.workspace import DirectoryWorkspace
    from envctl.cli.wiring.aws import AwsAdapters
    from envctl.cli.wiring.readers import ProjectFileReader
    from envctl.cli.wiring.sandbox import EmbeddedAws
    from envctl.domain.config.project import Project
    from envctl.domain.config.project_owner import Owner
    from envctl.domain.ledger.events import Actor
    from envctl.domain.ledger.trust import Trust
    from envctl.usecases.ports.core import Identity
    from envctl.usecases.ports.terraform import Tracer


class WiredPorts:
    """The ports of one command. Adapters are imported and built on first use: most commands need few."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._root = options.project.absolute()
        self._home = self._root / ".envctl" / "sandbox" if options.sandbox else self._root / ".envctl"
        # The user's environment, before the sandbox replaces os.environ.
        self._own = dict(os.environ)
        self.observer = LateObserver(options)
        self.prompter = LatePrompter(options, self.observer)

    @cached_property
    def tree(self) -> "ProjectTree":
        from envctl.adapters.workspace.tree import ProjectTree

        return ProjectTree(self._root)

    @cached_property
    def config_reader(self) -> "ProjectFileReader":
        from envctl.cli.wiring.readers import ProjectFileReader

        return ProjectFileReader(sandbox=self._options.sandbox)

    @cached_property
    def store(self) -> "ObstoreStore":
        from envctl.adapters.store.object_store import ObstoreStore

        return ObstoreStore(
            self._root,
            lambda: self._store_address,
            self._client_options,
            region_of=self._aws_adapters.find_bucket_region,
            is_anothers=self._aws_adapters.has_other_owner,
            find_credentials=self._aws_adapters.find_store_credentials,
        )

    def _client_options(self) -> Mapping[str, str]:
        from envctl.adapters.store import connect

        return self.embedded_aws.client_options() if self.embedded_aws else connect.read_client_options(os.environ)

    @cached_property
    def head_cache(self) -> "FileHeadCache":
        from envctl.adapters.local.machine import FileHeadCache

        return FileHeadCache(self._home / "witness.json", lambda: self._store_address.url)

    @cached_property
    def remote_modules(self) -> "TerraformModules":
        from envctl.adapters.terraform.modules.fetch import TerraformModules

        # Modules are real code in the sandbox too: never fetch them through the embedded AWS.
        cache = self._root / ".envctl" / "cache" / "modules"
        return TerraformModules(self._root, cache, lambda: self._own, self._cleared_environment)

    @cached_property
    def formatter(self) -> "TerraformFormatter":
        from envctl.adapters.terraform.formatting import TerraformFormatter

        return TerraformFormatter(self._root, lambda: self._own, self._cleared_environment)

    @cached_property
    def _cleared_environment(self) -> "EnvironmentFilter":
        from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter

        return EnvironmentFilter(self.observer.on_message)

    @cached_property
    def workspace(self) -> "DirectoryWorkspace":
        from envctl.adapters.workspace.workspace import DirectoryWorkspace

        if self.embedded_aws:
            self.embedded_aws.remove_dead_sandbox()
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
            self._environment_with_profile,
            self.observer,
            limits=limits,
            trace=self.active_tracer,
            secrecy=current_redaction(),
            surroundings=self._cleared_environment,
            locate=lambda *position: self.config_reader.place_rendered(
                self.tree.read_contents("envctl.toml"), *position
            ),
        )

    @cached_property
    def active_tracer(self) -> "Tracer":
        from envctl.usecases.ports.terraform import NO_TRACE

        return self.file_tracer or NO_TRACE

    @cached_property
    def file_tracer(self) -> "FileTracer | None":
        """The trace file of `--trace`."""
        if self._options.trace is None:
            return None
        from envctl.adapters.local.trace import FileTracer, process_start_time

        return FileTracer(self._options.trace, process_start_time(), current_redaction().redact)

    @cached_property
    def check_runner(self) -> "LocalCheckRunner":
        from envctl.adapters.checks.check_runner import LocalCheckRunner

        return LocalCheckRunner(self._root, lambda: os.environ, redact=current_redaction().redact_message)

    @cached_property
    def cost_estimator(self) -> "CostProgram":
        from envctl.adapters.checks.cost_program import CostProgram

        return CostProgram(self._root, lambda: os.environ, redact=current_redaction().redact_message)

    @cached_property
    def _aws_adapters(self) -> "AwsAdapters":
        from envctl.cli.wiring.aws import AwsAdapters

        return AwsAdapters(
            self._root, self._home, self.inherited_environment, lambda: self.project, self._identify_actor
        )

    def _identify_actor(self) -> "Actor":
        return self.identity.identify_actor()

    @property
    def access(self) -> "Sessions":
        return self._aws_adapters.access

    @property
    def buckets(self) -> "S3Buckets":
        return self._aws_adapters.buckets

    @property
    def registries(self) -> "Registries":
        return self._aws_adapters.registries

    @property
    def secrets(self) -> "AwsSecrets":
        return self._aws_adapters.secrets

    @property
    def alarms(self) -> "CloudWatchAlarms":
        return self._aws_adapters.alarms

    @property
    def signatures(self) -> "KmsSignatures":
        return self._aws_adapters.signatures

    @cached_property
    def trust(self) -> "Trust":
        from envctl.usecases.ledger.trust import ENVIRONMENTS_FOLDER, load_trust

        if self._options.keys is None:
            return load_trust(self.tree, self.project, ENVIRONMENTS_FOLDER)
        from envctl.adapters.workspace.tree import ProjectTree

        return load_trust(ProjectTree(self._options.keys.absolute()), self.project, "")

    def close(self) -> None:
        self.observer.close()
        if "terraform" in self.__dict__:
            memory_usage.LAST_USAGE.set(self.terraform.report_usage())
        if self.file_tracer is not None:
            self.file_tracer.close()
        # A local store needs no copy: completion reads it directly.
        read = self.store.list_loaded() if "store" in self.__dict__ else ()
        if read and self.store.url.startswith("s3:"):
            from envctl.cli.completion.known_releases import add_known_releases

            add_known_releases(self._home, self.store.url, read)

    def inherited_environment(self) -> Mapping[str, str]:
        """Return the environment for child processes; in the sandbox, one without real credentials."""
        return self.embedded_aws.replace_environment() if self.embedded_aws else os.environ

    def _environment_with_profile(self, profile: str) -> Mapping[str, str]:
        """Return the inherited environment, with the AWS profile if this machine has it: CI jobs have none."""
        inherited = self.inherited_environment()
        if not profile:
            return inherited
        from envctl.adapters.local.profiles import has_profile
        from envctl.domain.aws.access import set_profile_variables

        return set_profile_variables(inherited, profile) if has_profile(profile, inherited) else inherited

    @cached_property
    def templates(self) -> "PackagedTemplates":
        from envctl.adapters.local.templates import PackagedTemplates

        return PackagedTemplates()

    @cached_property
    def project_folder(self) -> "NewProjectFolder":
        from envctl.adapters.local.new_folder import NewProjectFolder

        return NewProjectFolder(self._options.project)

    @property
    def sandbox(self) -> bool:
        return self._options.sandbox

    @cached_property
    def clock(self) -> "SystemClock":
        from envctl.adapters.local.machine import SystemClock

        return SystemClock()

    @cached_property
    def nonces(self) -> "RandomNonces":
        from envctl.adapters.local.machine import RandomNonces

        return RandomNonces()

    @cached_property
    def reviews(self) -> "GithubReviews":
        from envctl.adapters.forge.reviews import GithubReviews

        # Asks the real GitHub, in the sandbox too.
        return GithubReviews(lambda: self._own)

    @cached_property
    def identity(self) -> "Identity":
        from envctl.adapters.local.machine import LocalIdentity
        from envctl.domain.aws.access import is_on_aws

        local = LocalIdentity(self._root, os.environ)
        # The sandbox has no AWS identities: use the local one.
        if self._options.sandbox or not is_on_aws(self.project):
            return local
        from envctl.adapters.aws.identity import AwsIdentity

        return AwsIdentity(local.identify_actor, self.access.find_origin, self.inherited_environment)

    @cached_property
    def version_control(self) -> "Git":
        from envctl.adapters.local.git import Git

        return Git(self._root)

    @property
    def provider_lock(self) -> str:
        return f".envctl/sandbox/{LOCK_FILE}" if self._options.sandbox else LOCK_FILE

    @cached_property
    def embedded_aws(self) -> "EmbeddedAws | None":
        """The embedded AWS of `--sandbox`."""
        if not self._options.sandbox:
            return None
        from envctl.cli.wiring.sandbox import EmbeddedAws

        return EmbeddedAws(self._root, lambda: self.project, self.observer.on_message)

    @cached_property
    def project(self) -> "Project":
        from envctl.usecases.project import load

        return load.load_project(self)

    @property
    def owner(self) -> "Owner":
        return self.project.owner

    @cached_property
    def _store_address(self) -> "StoreAddress":
        from envctl.adapters.store import connect
        from envctl.adapters.store.object_store import StoreAddress
        from envctl.domain.aws.access import build_credentials_spec

        spec = build_credentials_spec(self.project, "")
        endpoint = "" if self._options.sandbox else connect.find_endpoint(os.environ)
        return StoreAddress(
            self._options.store or self.project.store.url, spec.region, spec.profile, spec.account_id, endpoint
        )


def _has_working_directory() -> bool:
    """Check that the current working directory still exists."""
    try:
        Path.cwd()
    except OSError:
        return False
    return True


@contextmanager
def open_ports(options: Options) -> Iterator[WiredPorts]:
    """Open the ports for one command and close them at its end. Raises UsageError if the project folder is missing."""
    if not options.project.is_dir() or not _has_working_directory():
        from envctl.domain.errors import Problem, UsageError

        message = f"--project {options.project} is not a folder"
        if not _has_working_directory():
            raise UsageError(Problem("E007", "the folder that you are in is gone", "go to one that is there: cd"))
        raise UsageError(Problem("E007", message, "name the project's folder"))
    if options.sandbox and not options.json:
        # First of all: the output must not be mistaken for that of a real environment.
        sys.stderr.write("SANDBOX: an embedded AWS on this machine; nothing here is real\n")
    wired = WiredPorts(options)
    try:
        yield wired if wired.file_tracer is None else trace_ports(wired, wired.file_tracer)
    finally:
        wired.close()
