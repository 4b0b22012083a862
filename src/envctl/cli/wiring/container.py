"""The composition root: builds the adapter of each port."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from envctl import __version__
from envctl.cli import memory_usage
from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import current_redaction
from envctl.cli.project_folder import PATH_TO_PROJECT
from envctl.cli.wiring.aws import AwsPorts
from envctl.cli.wiring.job import JobPorts
from envctl.cli.wiring.job_credentials import JobCredentials
from envctl.cli.wiring.lazy_ui import LateObserver
from envctl.cli.wiring.machine import MachinePorts
from envctl.cli.wiring.tracing import TracedPorts
from envctl.domain.terraform.workdir_names import LOCK_FILE

if TYPE_CHECKING:
    from envctl.adapters.kubernetes.inspection import KubernetesInspector
    from envctl.adapters.kubernetes.rendering.manifests import KubernetesManifests
    from envctl.adapters.local.git import Git
    from envctl.adapters.local.machine import FileHeadCache
    from envctl.adapters.local.new_folder import NewProjectFolder
    from envctl.adapters.local.secret_variables import SecretVariables
    from envctl.adapters.local.trace import FileTracer
    from envctl.adapters.stacks.stack_drivers import StackDrivers
    from envctl.adapters.store.object_store import ObstoreStore, StoreAddress
    from envctl.adapters.terraform.driver import TerraformDriver
    from envctl.adapters.terraform.formatting import TerraformFormatter
    from envctl.adapters.terraform.modules.fetch import TerraformModules
    from envctl.adapters.terraform.packages.official_packages import OfficialPackages
    from envctl.adapters.terraform.process.program_finder import ProgramFinder
    from envctl.adapters.workspace.tree import ProjectTree
    from envctl.adapters.workspace.work_folder import WorkFolder
    from envctl.adapters.workspace.workspace import DirectoryWorkspace
    from envctl.cli.render.progress.prompts import TerminalPrompter
    from envctl.cli.wiring.clusters import WiredClusters
    from envctl.cli.wiring.readers import ProjectFileReader
    from envctl.cli.wiring.sandbox import EmbeddedAws
    from envctl.domain.config.project import Owner, Project
    from envctl.domain.errors import Location
    from envctl.domain.ledger.trust import Trust
    from envctl.domain.terraform.program_pin import ProgramPin
    from envctl.usecases.inspect.exec_kubeconfig import Kubeconfig
    from envctl.usecases.ports.core import Identity
    from envctl.usecases.ports.terraform import StackDriver


class WiredPorts(MachinePorts, AwsPorts, JobPorts):
    """The ports of one command. Adapters are imported and built on first use: most commands need few."""

    def __init__(self, options: Options) -> None:
        self._root = options.project.absolute()
        self._home = self._root / ".envctl" / "sandbox" if options.sandbox else self._root / ".envctl"
        self._inherited = self.inherited_environment
        self._load_project, self._load_identity = lambda: self.project, lambda: self.identity
        self.job_credentials = JobCredentials(lambda: self.job)
        self._prepare = self._prepare_aws
        self._look = options.look
        self._written: set[str] = set()
        # The user's environment, before the sandbox replaces os.environ.
        self._own = dict(os.environ)
        self.observer = LateObserver(options)
        self._report = self.observer.on_message
        self._options = options
        self.sandbox = options.sandbox
        self.provider_lock = f".envctl/sandbox/{LOCK_FILE}" if options.sandbox else LOCK_FILE

    @cached_property
    def tree(self) -> "ProjectTree":
        from envctl.adapters.workspace.tree import ProjectTree

        return ProjectTree(self._root)

    @cached_property
    def config_reader(self) -> "ProjectFileReader":
        from envctl.cli.wiring.readers import ProjectFileReader

        options = self._options
        return ProjectFileReader(
            sandbox=options.sandbox,
            look=options.look,
            changes_only=options.changes_only,
            on_secrets=self._withdraw_secrets,
            on_message=self._write_once,
        )

    def _write_once(self, message: str) -> None:
        """Write a message about the sandbox, once for each command."""
        if message and message not in self._written and not self._options.json:
            self._written.add(message)
            sys.stderr.write(f"{message}\n")

    @cached_property
    def manifests(self) -> "KubernetesManifests":
        from envctl.adapters.kubernetes.rendering.manifests import KubernetesManifests

        return KubernetesManifests()

    @cached_property
    def secret_variables(self) -> "SecretVariables":
        from envctl.adapters.local.secret_variables import SecretVariables, protect_memory

        # What the system shows of this process still has withdrawn variables.
        return SecretVariables(os.environ, self._own, on_withdrawal=protect_memory)

    def _withdraw_secrets(self, project: "Project") -> None:
        from envctl.domain.aws.secret_values import list_secret_variables

        self.secret_variables.withdraw_variables(list_secret_variables(project))

    @cached_property
    def prompter(self) -> "TerminalPrompter":
        from envctl.cli.output.consoles import create_console
        from envctl.cli.render.progress.prompts import TerminalPrompter

        return TerminalPrompter(
            create_console(self._options, stderr=True),
            self.observer.pause_drawing,
            current_redaction().redact_all,
            None if self._options.json else create_console(self._options, stderr=self._options.markdown),
            yes=self._options.yes,
            interactive=sys.stdin.isatty() and sys.stderr.isatty() and not self._options.json,
        )

    @cached_property
    def store(self) -> "ObstoreStore":
        from envctl.adapters.aws import bucket_lookup, object_versions
        from envctl.adapters.store import connect
        from envctl.adapters.store.object_store import ObstoreStore

        return ObstoreStore(
            self._root,
            lambda: self._store_address,
            lambda: (
                self.embedded_aws.client_options() if self.embedded_aws else connect.read_client_options(os.environ)
            ),
            region_of=lambda bucket: bucket_lookup.find_bucket_region(self.access.open_client, bucket),
            is_anothers=lambda bucket, owner: bucket_lookup.is_foreign_bucket(self.access.open_client, bucket, owner),
            find_versions=lambda *where: object_versions.read_older_versions(self.access.open_client, *where),
            find_credentials=lambda: self.access.load_store_credentials(),  # noqa: PLW0108 (`access` is not needed yet)
        )

    @cached_property
    def results(self) -> "ObstoreStore | None":
        if self._options.results is None:
            return None
        from envctl.adapters.store.results_folder import open_results

        return open_results(self._options.results, self._root, self._store_address.url)

    @property
    def has_store(self) -> bool:
        from envctl.adapters.store.connect import is_missing_folder

        return not is_missing_folder(self._root, self._options.store or self.project.store.url)

    @cached_property
    def head_cache(self) -> "FileHeadCache":
        from envctl.adapters.local.machine import FileHeadCache

        return FileHeadCache(self._home / "witness.json", lambda: self._store_address.url)

    @cached_property
    def remote_modules(self) -> "TerraformModules":
        from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter
        from envctl.adapters.terraform.modules.fetch import TerraformModules
        from envctl.domain.ci.program_variables import find_identity_variables

        # Modules are real code in the sandbox too: never fetch them through the embedded AWS.
        cache = self._root / ".envctl" / "cache" / "modules"
        # Git and registries may need a token of the job: no program of the tree runs.
        surroundings = EnvironmentFilter(self.observer.on_message, find_identity_variables)
        return TerraformModules(cache, lambda: self._own, surroundings, self._programs)

    @cached_property
    def formatter(self) -> "TerraformFormatter":
        from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter
        from envctl.adapters.terraform.formatting import TerraformFormatter

        # A project file with mistakes can be formatted too: it is not read for program_variables.
        return TerraformFormatter(self._root, lambda: self._own, EnvironmentFilter(self.observer.on_message))

    @cached_property
    def programs(self) -> "OfficialPackages":
        from envctl.adapters.terraform.packages.official_packages import OfficialPackages

        return OfficialPackages(self._root, self._own)

    @cached_property
    def workspace(self) -> "DirectoryWorkspace":
        from envctl.adapters.workspace.workspace import DirectoryWorkspace

        if self.embedded_aws:
            self.embedded_aws.remove_dead_sandbox()
        # Paths of local states are in what is written: a moved clone prepares again.
        context = f"{__version__} {sys.executable} {self._home}"
        return DirectoryWorkspace(self._root, self._work, context)

    @cached_property
    def _work(self) -> "WorkFolder":
        from envctl.adapters.workspace import workspace
        from envctl.adapters.workspace.work_folder import WorkFolder

        return WorkFolder(self._home, workspace.require_idle)

    @cached_property
    def terraform(self) -> "StackDrivers":
        from envctl.adapters.stacks.stack_drivers import StackDrivers

        return StackDrivers(self._terraform_driver, self._create_kubernetes_driver)

    @cached_property
    def kubernetes_clusters(self) -> "WiredClusters":
        from envctl.cli.wiring.clusters import WiredClusters

        return WiredClusters(self.access.open_client, self.inherited_environment, sandbox=self.sandbox)

    @cached_property
    def looking_clusters(self) -> "WiredClusters":
        from envctl.cli.wiring.clusters import WiredClusters

        return WiredClusters(self.looking_access.open_client, self.inherited_environment, sandbox=self.sandbox)

    @cached_property
    def cluster_inspector(self) -> "KubernetesInspector":
        from envctl.adapters.kubernetes.inspection import KubernetesInspector

        return KubernetesInspector(self.inherited_environment)

    def place_kubeconfig(self, environment: str, kubeconfig: "Kubeconfig") -> str:
        """Write a kubeconfig for a program, and return its variable."""
        from envctl.adapters.local.kubeconfig_file import join_kubeconfigs, write_kubeconfig

        path = write_kubeconfig(self._home / "kubeconfig", environment, kubeconfig.text)
        return join_kubeconfigs(path, self.inherited_environment()) if kubeconfig.needs_own else str(path)

    def _create_kubernetes_driver(self) -> "StackDriver":
        from envctl.adapters.kubernetes.driver import KubernetesDriver
        from envctl.adapters.kubernetes.rendering.renderer import ManifestRenderer
        from envctl.cli.wiring.clusters import ClusterApis
        from envctl.usecases.ports.terraform import NO_TRACE

        terraform = self._terraform_driver
        return KubernetesDriver(
            lambda: self._work.path,
            ManifestRenderer(),
            ClusterApis(self.kubernetes_clusters, self.inherited_environment, self.observer.on_message).find_api,
            terraform.read_current_outputs,
            self.observer,
            secrecy=current_redaction(),
            is_stopping=terraform.is_stopping,
            trace=self.file_tracer or NO_TRACE,
        )

    @cached_property
    def _terraform_driver(self) -> "TerraformDriver":
        from envctl.adapters.terraform.driver import TerraformDriver
        from envctl.adapters.terraform.environment.environment_filter import EnvironmentFilter
        from envctl.adapters.terraform.scheduler.capacity import Limits
        from envctl.usecases.ports.terraform import NO_TRACE

        limits = Limits(self._options.parallelism, self._options.memory)
        return TerraformDriver(
            self._root,
            self._home,
            self._environment_with_profile,
            self.observer,
            find_work=lambda: self._work.path,
            limits=limits,
            trace=self.file_tracer or NO_TRACE,
            secrecy=current_redaction(),
            surroundings=EnvironmentFilter(self.observer.on_message, self.program_variables.withhold_tokens),
            locate=self._locate_rendered_key,
            warm=not self._options.no_warm,
            programs=self._programs,
            name_session=lambda: self.identity.name_session(),  # noqa: PLW0108 (the identity is asked late)
        )

    @cached_property
    def _programs(self) -> "ProgramFinder":
        from envctl.adapters.terraform.process.program_finder import ProgramFinder
        from envctl.adapters.terraform.warm.package import FileHashes

        hashes = FileHashes(self._home / "cache" / "terraform.json")
        return ProgramFinder(self._root, self._find_program_pin, hashes.hash_file)

    def _find_program_pin(self) -> "ProgramPin | None":
        if self.sandbox:
            # No real account: the embedded Terraform does.
            return None
        from envctl.adapters.terraform.process.pin_reader import read_pin

        return read_pin(self._root / "envctl.toml")

    def _locate_rendered_key(self, environment: str, path: Sequence[str | int]) -> "Location | None":
        # Imported late: the models of the project file take longer than all else before Terraform starts.
        from envctl.cli.wiring.rendered_lines import locate_rendered_value

        return locate_rendered_value(self.tree.read_contents, environment, path)

    @cached_property
    def file_tracer(self) -> "FileTracer | None":
        if self._options.trace is None:
            return None
        from envctl.adapters.local.trace import FileTracer, process_start_time

        return FileTracer(self._options.trace, process_start_time(), current_redaction().redact)

    @cached_property
    def trust(self) -> "Trust":
        from envctl.usecases.ledger.trust import ENVIRONMENTS_FOLDER, load_trust

        if self._options.keys is None:
            return load_trust(self.tree, self.project, ENVIRONMENTS_FOLDER)
        from envctl.adapters.workspace.tree import ProjectTree

        return load_trust(ProjectTree(self._options.keys.absolute()), self.project, "")

    def close(self) -> None:
        self.job_credentials.close()
        self.observer.close()
        if "_terraform_driver" in self.__dict__:
            memory_usage.LAST_USAGE.set(self._terraform_driver.report_usage())
        if self.file_tracer is not None:
            self.file_tracer.close()
        # A local store needs no copy: completion reads it directly.
        read = self.store.list_loaded() if "store" in self.__dict__ else ()
        if read and self.store.url.startswith("s3:"):
            from envctl.cli.completion.known_releases import add_known_releases

            add_known_releases(self._home, self.store.url, read)

    def inherited_environment(self) -> Mapping[str, str]:
        """Return the environment for child processes; in the sandbox, one without real credentials."""
        if self.embedded_aws:
            return self.embedded_aws.replace_environment()
        self.job_credentials.place_token()
        return os.environ

    def exported_environment(self) -> dict[str, str]:
        """Return the environment for a program that outlives this command."""
        inherited = self.job_credentials.remove_own(self.inherited_environment())
        return {**inherited, **self.access.export_credentials("")} if self.job_credentials.is_own else inherited

    def _prepare_aws(self) -> None:
        if self.embedded_aws:
            self.embedded_aws.replace_environment()
        else:
            self.job_credentials.require_role()

    def _environment_with_profile(self, profile: str) -> Mapping[str, str]:
        """Return the inherited environment, with the AWS profile if this machine has it: CI jobs have none."""
        inherited = self.inherited_environment()
        if not profile:
            return inherited
        from envctl.adapters.local.profiles import has_profile
        from envctl.domain.aws.access import set_profile_variables

        return set_profile_variables(inherited, profile) if has_profile(profile, inherited) else inherited

    @cached_property
    def project_folder(self) -> "NewProjectFolder":
        from envctl.adapters.local.new_folder import NewProjectFolder

        return NewProjectFolder(self._options.project)

    @cached_property
    def identity(self) -> "Identity":
        from envctl.adapters.forge.job import read_start
        from envctl.adapters.local.machine import LocalIdentity
        from envctl.domain.aws.access import is_on_aws

        # The sandbox has no AWS identities: use the local one, and no permissions.
        if self._options.sandbox:
            return LocalIdentity(self._root, os.environ)
        start = read_start(os.environ)
        local = LocalIdentity(self._root, os.environ, start)
        if not is_on_aws(self.project):
            return local
        from envctl.adapters.aws.credentials.identity import AwsIdentity
        from envctl.domain.config.signing_keys import find_job_environment

        ci = self.project.ci
        return AwsIdentity(
            local=local.identify_actor,
            find_origin=self.access.find_origin,
            environment=self.inherited_environment,
            gitlab=lambda: ci.gitlab,
            github=lambda: ci.github.issuer or "",
            name_environment=lambda named: find_job_environment(self.project, named),
            start=start,
        )

    @cached_property
    def version_control(self) -> "Git":
        from envctl.adapters.local.git import Git

        return Git(self._root, current_redaction().redact_message)

    @cached_property
    def embedded_aws(self) -> "EmbeddedAws | None":
        if not self._options.sandbox:
            return None
        from envctl.cli.wiring.sandbox import EmbeddedAws

        return EmbeddedAws(self._root, lambda: self.project, self.observer.on_message)

    @cached_property
    def project(self) -> "Project":
        from envctl.usecases.project import project_file

        return project_file.load_project(self)

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
            raise UsageError(Problem("E007", "the current folder no longer exists", "change to an existing one: cd"))
        raise UsageError(Problem("E007", message, "use the project's folder"))
    if options.sandbox and not options.json:
        # First of all: the output must not be mistaken for that of a real environment.
        sys.stderr.write("SANDBOX: an embedded AWS on this machine; no real resources\n")
    if (way := PATH_TO_PROJECT.get()) and not options.json:
        sys.stderr.write(f"Project folder: {way}\n")
    if any(map(os.environ.get, ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "CODEBUILD_BUILD_ID"))):  # it holds tokens
        from envctl.adapters.local.secret_variables import protect_memory

        protect_memory()
    wired = WiredPorts(options)
    own_folder = options.project.absolute() / ".envctl"
    is_new = not own_folder.exists()
    try:
        yield wired if wired.file_tracer is None else cast("WiredPorts", TracedPorts(wired, wired.file_tracer))
    finally:
        wired.close()
        # Git ignores a folder made by this command. A project that commits an older one goes on with that.
        if is_new and own_folder.is_dir():
            from envctl.adapters.disk.files import write_text

            with suppress(OSError):
                write_text(own_folder / ".gitignore", "# Written by envctl.\n*\n")
