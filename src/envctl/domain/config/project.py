"""The project file: pipeline, environments, stacks, gates. A key that is not known is refused, never ignored."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PrivateAttr

from envctl.domain.config.checks.table import Check, with_kind
from envctl.domain.config.cost import CostTable
from envctl.domain.config.fields import (
    AccountId,
    Bucket,
    Constraint,
    Count,
    CountOrNone,
    ExternalId,
    Flag,
    Folder,
    HttpUrl,
    IgnoreRule,
    KmsKey,
    Name,
    PlanKey,
    Profile,
    ProviderValue,
    Region,
    Repository,
    ResourceType,
    Role,
    Section,
    SessionDuration,
    SessionTag,
    Url,
    VariableName,
    VariablePattern,
)
from envctl.domain.config.gates import Allow, Gates
from envctl.domain.config.pipeline import Pipeline
from envctl.domain.config.project_owner import Owner
from envctl.domain.config.rollout import Rollout
from envctl.domain.config.rules.environment_rules import find_usual_gates
from envctl.domain.plan.leaving_stacks import Fate
from envctl.domain.terraform.output_reference import Reference

PROJECT_FILE = "envctl.toml"


class Identity(Section):
    name: Name


class Terraform(Section):
    """`plan_keys` are keys of a plan that envctl does not know and that may pass, like `resource_changes.fancy`."""

    version: Constraint = ">= 1.10"
    binary: str | None = None
    plan_keys: tuple[PlanKey, ...] = ()


class Store(Section):
    """`region` is that of the entry environment where it is not said; `account_id` is who must own the bucket, and
    `profile` an AWS profile for those who have one of that name. `project` is what the project was called when the
    store was made, where it was renamed.
    """

    url: Url = "file://.envctl/store"
    region: Region | None = None
    account_id: AccountId | None = None
    profile: Profile | None = None
    project: Name | None = None


class State(Section):
    backend: Literal["local", "s3"] = "local"
    bucket: Bucket = "{project}-tfstate-{account_id}"


class Order(Section):
    order: Annotated[tuple[Name, ...], Field(min_length=1)]


class DriftTable(Section):
    """What of an environment may differ from the state: other things than Terraform change it, and shall."""

    ignore: tuple[IgnoreRule, ...] = ()


class Environment(Section):
    """`profile` is the AWS profile to begin with, on machines that have one of that name; `assume_role` the role that
    is taken from there, with `external_id` and `session_tags` where its trust policy asks for them.

    `signing_key` is the KMS key that whatever is said of the environment has to be signed with, from the entry of the
    ledger with the number `signed_from` on.

    `in_pipeline` is false for what stands beside it, such as the account of an organization: it takes code from the
    working tree, and is no step on the way of any release. `regions` are further regions, by the names that stacks
    know them by. `other_accounts` are accounts beside its own in which providers may act.
    """

    in_pipeline: Flag = Field(default=True, alias="pipeline")
    account_id: AccountId | None = None
    other_accounts: tuple[AccountId, ...] = ()
    region: Region | None = None
    regions: Mapping[Name, Region] = {}
    profile: Profile | None = None
    assume_role: Role | None = None
    external_id: ExternalId | None = None
    session_duration: SessionDuration = timedelta(hours=1)
    session_tags: Mapping[SessionTag, SessionTag] = {}
    signing_key: KmsKey | None = None
    signed_from: Count = 1
    protected: Flag = False
    max_destroys: CountOrNone = 5
    gates: Gates = Gates.model_construct()
    allow: Allow = Allow.model_construct()
    drift: DriftTable = DriftTable.model_construct()


class Stack(Section):
    """`environments` are those beside the pipeline that it is for; without them it runs in all of the pipeline.
    `region` is the name of a further region of the environment, in place of its own. `after` names stacks that have to
    be there before it although it reads nothing of them. With `rollout` its requests go over to a new release in steps.
    `moved_from` is what the stack was called before: it takes over that state.
    """

    module: Folder
    inputs: Mapping[VariableName, str] = {}
    after: tuple[Name, ...] = ()
    environments: tuple[Name, ...] = ()
    region: Name | None = None
    rollout: Rollout | None = None
    moved_from: Name | None = None

    def references(self) -> dict[str, Reference]:
        """The variables that are wired, and where each value comes from."""
        return {variable: Reference.parse(text) for variable, text in self.inputs.items()}


class Removed(Section):
    """What becomes of a stack that the project has no more, in each environment that still holds it: `destroy` all that
    it made, or `forget` it, which leaves its resources and its state as they are.
    """

    then: Fate


class Artifact(Section):
    """`repository` is where an environment takes an image from, with placeholders as in a bucket's name: the digest is
    the same everywhere. With `copy` a promotion brings the image there where it is missing.
    """

    variable: VariableName
    kind: Literal["oci", "string"]
    repository: Repository | None = None
    copies: Flag = Field(default=False, alias="copy")


class Secrets(Section):
    """Which settings name secrets, and where those lie: variables by their names, or by patterns of them."""

    secretsmanager: tuple[VariablePattern, ...] = ()
    ssm: tuple[VariablePattern, ...] = ()


class Parity(Section):
    """`may_differ` names the settings in which an environment may differ from the one before it; all others must be
    equal. `environments` are those that are compared; where it is None, their places say which.
    """

    may_differ: tuple[VariableName, ...] = ()
    environments: tuple[Name, ...] | None = None


class Protection(Section):
    """Types of resources that hold data, beside those that envctl knows."""

    stateful: tuple[ResourceType, ...] = ()


class Sandbox(Section):
    endpoint_url: HttpUrl | None = None


def _with_kinds(checks: object) -> object:
    if not isinstance(checks, Mapping):
        return checks
    return {name: with_kind(name, table) if isinstance(table, Mapping) else table for name, table in checks.items()}


class Project(Section):
    """The tables of envctl.toml. `load_project` checks as well what holds between tables.

    It is seen from the pipeline, or from one environment beside it (`seen_from`): to that one, it is a pipeline of its
    own, with its own stacks.
    """

    identity: Identity = Field(alias="project")
    terraform: Terraform = Terraform.model_construct()
    store: Store = Store.model_construct()
    state: State = State.model_construct()
    order: Order = Field(alias="pipeline")
    environments: Mapping[Name, Environment]
    every_stack: Annotated[Mapping[Name, Stack], Field(min_length=1, alias="stacks")]
    removed: Mapping[Name, Removed] = {}
    every_artifact: Mapping[Name, Artifact] = Field(default={}, alias="artifacts")
    secrets: Secrets = Secrets.model_construct()
    providers: Mapping[str, Mapping[str, ProviderValue]] = {}
    every_check: Annotated[Mapping[Name, Check], BeforeValidator(_with_kinds)] = Field(default={}, alias="checks")
    cost: CostTable | None = None
    parity: Parity | None = None
    protection: Protection = Protection.model_construct()
    sandbox: Sandbox = Sandbox.model_construct()
    # The environment beside the pipeline that it is seen from; empty where it is seen from the pipeline.
    _beside: str = PrivateAttr("")

    def seen_from(self, environment: str) -> "Project":
        beside = "" if self.environments[environment].in_pipeline else environment
        if beside == self._beside:
            return self
        seen = self.model_copy()
        seen._beside = beside
        return seen

    @property
    def beside(self) -> tuple[str, ...]:
        """The environments that are no step of the pipeline."""
        return tuple(name for name, each in self.environments.items() if not each.in_pipeline)

    @property
    def all_environments(self) -> tuple[str, ...]:
        """In the order of the pipeline, and after that those beside it."""
        return (*self.order.order, *self.beside)

    @property
    def stacks(self) -> Mapping[str, Stack]:
        return {
            name: stack
            for name, stack in self.every_stack.items()
            if (self._beside in stack.environments if self._beside else not stack.environments)
        }

    @property
    def fates(self) -> Mapping[str, Fate]:
        """What `removed` says of each stack, whether the project still has it or not."""
        return {name: each.then for name, each in self.removed.items()}

    @property
    def artifacts(self) -> Mapping[str, Artifact]:
        """They come by promotion, and so to the pipeline alone."""
        return {} if self._beside else self.every_artifact

    @property
    def checks(self) -> Mapping[str, Check]:
        """Beside the pipeline, those that name the environment."""
        return {
            name: check
            for name, check in self.every_check.items()
            if not self._beside or self._beside in check.environments
        }

    @property
    def name(self) -> str:
        return self.identity.name

    @property
    def owner(self) -> Owner:
        """Whose its store and its releases have to be."""
        return Owner(self.name, self.store.project or "")

    @property
    def pipeline(self) -> Pipeline:
        return Pipeline((self._beside,), beside=True) if self._beside else Pipeline(self.order.order)

    @property
    def entry(self) -> str:
        return self.pipeline.entry

    def before(self, environment: str) -> str | None:
        return self.pipeline.before(environment)

    def after(self, environment: str) -> str | None:
        return self.pipeline.after(environment)

    def has_usual_gates(self, environment: str) -> bool:
        """Whether it comes after the entry and says nothing about approvals."""
        said = self.environments[environment].gates.approvals
        return said is None and bool(find_usual_gates(self.pipeline.order, environment))

    def is_compared(self, environment: str) -> bool:
        """Whether parity compares its settings with those of the environment before it.

        The entry mirrors nothing, so that an environment right after it is compared only where it is the one to be
        mirrored: where it is protected, where nothing comes after it, or where the project names it.
        """
        before = self.before(environment)
        if self.parity is None or before is None:
            return False
        if self.parity.environments is not None:
            return environment in self.parity.environments
        return before != self.entry or self.environments[environment].protected or self.after(environment) is None
