"""Fakes of the ports in memory, and the world of a test that holds them all."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import TypeVar, cast

from envctl.adapters.kubernetes.rendering.manifests import KubernetesManifests
from envctl.cli.wiring.readers import ProjectFileReader
from envctl.domain.config.project import PROJECT_FILE, Owner
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.trust import Trust
from envctl.usecases.ledger import journal as record
from envctl.usecases.ledger import trust as trusts
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from tests.fakes.aws import MemoryAccess, MemoryAlarms, MemorySecrets, MemorySignatures
from tests.fakes.buckets import MemoryBuckets
from tests.fakes.checks import MemoryCheckRunner, MemoryCostEstimator
from tests.fakes.ci import ScriptedCiRoles, SettableCiForge
from tests.fakes.clusters import MemoryClusterInspector, MemoryClusters
from tests.fakes.folders import MemoryTree
from tests.fakes.formatting import MemoryFormatter
from tests.fakes.git import SettableJobRequests, SettableReviews, SettableVersionControl
from tests.fakes.installation import MemoryInstallation
from tests.fakes.machine import CountedNonces, MemoryVariables, SettableClock, SettableIdentity
from tests.fakes.modules import MemoryRemoteModules
from tests.fakes.new_projects import MemoryProjectFolder, MemoryTemplates
from tests.fakes.programs import MemoryPrograms
from tests.fakes.project_files import project_files
from tests.fakes.registries import MemoryRegistries
from tests.fakes.store import MemoryHeadCache, MemoryStore
from tests.fakes.terminal import RecordingObserver, ScriptedPrompter
from tests.fakes.terraform import MemoryTerraform, MemoryWorkspace


@dataclass
class World:
    """All fakes of one test, usable as its ports."""

    tree: MemoryTree = field(default_factory=lambda: MemoryTree(project_files()))
    store: MemoryStore = field(default_factory=MemoryStore)
    results: MemoryStore | None = None
    head_cache: MemoryHeadCache = field(default_factory=MemoryHeadCache)
    workspace: MemoryWorkspace = field(default_factory=MemoryWorkspace)
    access: MemoryAccess = field(default_factory=MemoryAccess)
    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    registries: MemoryRegistries = field(default_factory=MemoryRegistries)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    signatures: MemorySignatures = field(default_factory=MemorySignatures)
    secret_variables: MemoryVariables = field(default_factory=MemoryVariables)
    alarms: MemoryAlarms = field(default_factory=MemoryAlarms)
    kubernetes_clusters: MemoryClusters = field(default_factory=MemoryClusters)
    looking_clusters: MemoryClusters = field(default_factory=MemoryClusters)
    cluster_inspector: MemoryClusterInspector = field(default_factory=MemoryClusterInspector)
    clock: SettableClock = field(default_factory=SettableClock)
    nonces: CountedNonces = field(default_factory=CountedNonces)
    identity: SettableIdentity = field(default_factory=SettableIdentity)
    version_control: SettableVersionControl = field(default_factory=SettableVersionControl)
    reviews: SettableReviews = field(default_factory=SettableReviews)
    job_requests: SettableJobRequests = field(default_factory=SettableJobRequests)
    ci_forge: SettableCiForge = field(default_factory=SettableCiForge)
    ci_roles: ScriptedCiRoles = field(default_factory=ScriptedCiRoles)
    config_reader: ProjectFileReader = field(default_factory=lambda: ProjectFileReader(sandbox=False))
    manifests: KubernetesManifests = field(default_factory=KubernetesManifests)
    remote_modules: MemoryRemoteModules = field(default_factory=MemoryRemoteModules)
    programs: MemoryPrograms = field(default_factory=MemoryPrograms)
    formatter: MemoryFormatter = field(default_factory=MemoryFormatter)
    observer: RecordingObserver = field(default_factory=RecordingObserver)
    prompter: ScriptedPrompter = field(default_factory=ScriptedPrompter)
    check_runner: MemoryCheckRunner = field(default_factory=MemoryCheckRunner)
    cost_estimator: MemoryCostEstimator = field(default_factory=MemoryCostEstimator)
    templates: MemoryTemplates = field(default_factory=MemoryTemplates)
    installation: MemoryInstallation = field(default_factory=MemoryInstallation)
    project_folder: MemoryProjectFolder = field(default_factory=MemoryProjectFolder)
    sandbox: bool = False
    has_store: bool = True
    provider_lock: str = ".terraform.lock.hcl"

    def __post_init__(self) -> None:
        self.terraform = MemoryTerraform(self.workspace)
        self._owned = b"", Owner("")
        self._trusted: tuple[dict[str, bytes], Trust] = ({}, Trust())

    @property
    def ports(self) -> Ports:
        return self

    @property
    def trust(self) -> Trust:
        """Return the trust of the next command, loaded again after a change of project file or keys."""
        pinning = {name: data for name, data in self.tree.content.items() if name.endswith((".toml", ".pem"))}
        if b"signing_key" not in pinning.get(PROJECT_FILE, b""):
            return Trust()
        if self._trusted[0] != pinning:
            self._trusted = pinning, trusts.load_trust(self.tree, project_file.load_project(self))
        return self._trusted[1]

    @property
    def owner(self) -> Owner:
        data = self.tree.content.get(PROJECT_FILE, b"")
        if self._owned[0] != data:
            self._owned = data, project_file.load_project(self).owner
        return self._owned[1]

    def edit(self, path: str, text: str) -> None:
        self.tree.content[path] = text.encode()


Make = TypeVar("Make", bound=Callable[..., object])


def make_once(make: Make) -> Make:
    """Make a world once in each process for the same arguments. Each call returns a copy, which takes a tenth of the
    time of one deployment.
    """
    made = cache(make)
    return cast("Make", wraps(make)(lambda *arguments: deepcopy(made(*arguments))))


def list_entries(world: World) -> list[Entry]:
    """Return the whole ledger, oldest entry first."""
    return list(record.read_newest_first(world.ports))[::-1]
