"""The project file: pipeline, environments, stacks, gates. Unknown keys are errors."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, PrivateAttr, WithJsonSchema

from envctl.domain.command_lines import format_command
from envctl.domain.config import fields
from envctl.domain.config.checks.table import Check, add_kind
from envctl.domain.config.ci.github import GithubCi, read_github_table
from envctl.domain.config.ci.gitlab import GitlabCi, read_gitlab_table
from envctl.domain.config.fields import Duration, Section, check_argv
from envctl.domain.config.gates import Allow, Gates
from envctl.domain.config.secret_sources import SecretSource, flatten_sources, parse_source
from envctl.domain.config.settings_table import SettingsTable
from envctl.domain.config.stacks import RemovedStack, Stack
from envctl.domain.terraform.program_pin import VERSIONS, Program, ProgramPin
from envctl.domain.text.identifiers import NAME_PATTERN


@dataclass(frozen=True)
class Pipeline:
    """The pipeline of the project, or one standalone environment as a pipeline of its own."""

    order: tuple[str, ...]
    standalone: bool = False

    @property
    def entry(self) -> str:
        return self.order[0]

    @property
    def standalone_name(self) -> str:
        """The standalone environment its releases are made for; empty for the project's pipeline."""
        return self.entry if self.standalone else ""

    def find_previous(self, environment: str) -> str | None:
        """Return the environment right before; None for the entry and standalone environments."""
        position = self.order.index(environment) if environment in self.order else 0
        return self.order[position - 1] if position else None

    def find_next(self, environment: str) -> str | None:
        """Return the environment right after; None for the last one and standalone environments."""
        position = self.order.index(environment) + 1 if environment in self.order else len(self.order)
        return self.order[position] if position < len(self.order) else None

    def format_deploy_command(self, environment: str) -> str:
        """Return the command to bring code there: apply for the entry, promote for all others."""
        before = self.find_previous(environment)
        return format_command("promote", before, environment) if before else format_command("apply", environment)

    def __str__(self) -> str:
        return " → ".join(self.order)


@dataclass(frozen=True)
class Owner:
    """The current project. `in_store` is its name at the creation of the store, if renamed (`[store] project`)."""

    name: str
    in_store: str = ""

    def is_owner_of(self, project: str) -> bool:
        """Check if the named project is this one, by either name."""
        return project in {self.name, self.in_store}


class CostTable(Section):
    """A program in the project's folder: it reads a plan, and returns its cost."""

    # program and arguments
    command: Annotated[tuple[str, ...], BeforeValidator(lambda words: check_argv(words, '["python", "tools/cost.py"]'))]
    timeout: Duration = timedelta(seconds=60)  # time for the program


PROJECT_FILE = "envctl.toml"


class Identity(fields.Section):
    """The name of the project."""

    name: fields.Name  # the first part of all names in AWS, and a tag of every resource
    # the least version of envctl that may work on this project; deployments record it, and older ones refuse
    least_version: fields.ExactVersion | None = None


class TerraformPin(fields.Section):
    """The one program that runs as Terraform in real accounts."""

    program: Program  # `terraform` or `tofu`
    version: fields.ExactVersion  # its version; `[terraform] version` must allow it
    # SHA-256 of the executable, by platform, as `envctl terraform pin VERSION` prints it
    sha256: Annotated[Mapping[fields.Platform, fields.Sha256], Field(min_length=1)]
    mirror: fields.HttpUrl | None = None  # where its packages are, in place of the official address

    def to_pin(self) -> ProgramPin:
        """Return the values that are compared with a program."""
        return ProgramPin(program=self.program, version=self.version, sha256=self.sha256)


class Terraform(fields.Section):
    """The Terraform that runs."""

    version: fields.Constraint = VERSIONS  # the versions of Terraform or OpenTofu that may run
    binary: str | None = None  # path or name of the program; unset: `terraform`, `tofu`, or the embedded one
    # keys of a plan that envctl does not know and lets through, such as `resource_changes.fancy`
    plan_keys: tuple[fields.PlanKey, ...] = ()
    warm: fields.Flag = True  # false: Terraform starts its providers itself, as with `--no-warm`
    pin: TerraformPin | None = None


class Store(fields.Section):
    """The place of the ledger and the releases."""

    url: fields.Url = "file://.envctl/store"  # a folder, `s3://BUCKET/PREFIX`, or another object store
    region: fields.Region | None = None  # region of the bucket; unset: the region of the first environment
    account_id: fields.AccountId | None = None  # the account that must own the bucket
    profile: fields.Profile | None = None  # AWS profile for the store, on machines that have it
    project: fields.Name | None = None  # name of the project when the store was created, after a rename


class Ci(fields.Section):
    """The systems of CI."""

    gitlab_table: Annotated[GitlabCi, BeforeValidator(read_gitlab_table)] = Field(
        default=GitlabCi.model_construct(), alias="gitlab"
    )
    github: Annotated[GithubCi, BeforeValidator(read_github_table)] = GithubCi.model_construct()
    # the envctl that jobs install: `git+https://HOST/OWNER/envctl@COMMIT`, or a wheel or version with `#sha256=HASH`
    package: fields.CiPackage | None = None
    # with a wheel or version of envctl: the kube-api-emulator that jobs install, for stacks of Kubernetes objects
    kubernetes_package: fields.CiKubernetesPackage | None = None
    # environments besides the entry whose states a job of a pull or merge request may read
    pull_request_environments: tuple[fields.Name, ...] = ()
    # variables with credentials that `[checks]`, `[cost]`, Terraform and its providers get all the same
    program_variables: tuple[fields.EnvironmentVariable, ...] = ()

    @property
    def gitlab(self) -> str:
        """The address of the GitLab that vouches for its jobs."""
        return self.gitlab_table.url

    @property
    def names_gitlab(self) -> bool:
        """True if the project file has that address."""
        return "url" in self.gitlab_table.model_fields_set


class State(fields.Section):
    """The place of the Terraform states. Further keys are those of the backend in Terraform; in all their texts, the
    placeholders are {project}, {env}, {stack}, {account_id} and {region}.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, fields.StateValue] = Field(init=False)

    # where states are: a backend of Terraform
    backend: Literal["local", "s3", "gcs", "azurerm", "http", "kubernetes", "consul", "pg", "cos", "oss", "remote"] = (
        "local"
    )
    # name of the bucket; unset for `s3`: one for each account
    bucket: fields.Bucket = "{project}-tfstate-{account_id}"
    workspace: fields.StateText | None = None  # workspace that holds the states, such as `{env}`
    account_id: fields.AccountId | None = None  # `s3`: account that owns the bucket; unset: that of the environment
    # `s3`: role for the states (an ARN, or a table as in Terraform); `false`: your own credentials
    assume_role: fields.StateRole | None = None
    look_role: fields.StateText | None = None  # `s3`: role for the states in commands that only look

    @property
    def backend_keys(self) -> Mapping[str, object]:
        """The keys for Terraform that the project sets, except for roles."""
        bucket = {"bucket": self.bucket} if "bucket" in self.model_fields_set else {}
        role = {"assume_role": self.assume_role} if self.assume_role is not None and self.backend != "s3" else {}
        return {**bucket, **role, **self.__pydantic_extra__}


class Aws(fields.Section):
    """What envctl knows of AWS itself."""

    # regions that AWS has opened since this version of envctl; others are refused as misspelled
    new_regions: tuple[fields.Region, ...] = ()


class PipelineOrder(fields.Section):
    """The way of a release."""

    order: Annotated[tuple[fields.Name, ...], Field(min_length=1)]  # the environments in the order of promotion


class DriftTable(fields.Section):
    """Expected differences from the state, made by other tools than Terraform."""

    # attributes that may differ, such as `aws_autoscaling_group.*.desired_capacity`
    ignore: tuple[fields.IgnoreRule, ...] = ()
    # field managers of Kubernetes whose changes are no drift, such as `cert-manager-cainjector`
    managers: tuple[fields.FieldManager, ...] = ()


class Environment(fields.Section):
    """An environment of the pipeline, or a standalone one: with code from the working tree, outside all promotions."""

    # false: the environment is outside the pipeline
    in_pipeline: fields.Flag = Field(default=True, alias="pipeline")
    account_id: fields.AccountId | None = None  # the AWS account that must answer
    other_accounts: tuple[fields.AccountId, ...] = ()  # further accounts that its providers may use
    # other environments whose states, contexts, signing keys and accounts its code and settings may name
    reads: tuple[fields.Name, ...] = ()
    region: fields.Region | None = None  # the AWS region
    regions: Mapping[fields.Name, fields.Region] = {}  # further regions, by a name that stacks can use
    # the ledger entry of the last deployment to the earlier place: states moved since; of a new environment, the last
    # entry of one that is gone: this is not its new name
    moved_after: fields.Count | None = None
    profile: fields.Profile | None = None  # AWS profile to begin with, on machines that have it
    assume_role: fields.Role | None = None  # role to assume from there
    look_role: fields.Role | None = None  # role for plans, drift checks and outputs, which only read
    external_id: fields.ExternalId | None = None  # external id that the trust policy of the role asks for
    # life of the keys that a command of `exec` gets, from 15m to 12h
    session_duration: fields.SessionDuration = timedelta(hours=1)
    # session tags that the trust policy of the role asks for
    session_tags: Mapping[fields.SessionTag, fields.SessionTag] = {}
    signing_key: fields.KmsKey | None = None  # KMS key that signs its ledger entries
    look_signing_key: fields.KmsKey | None = None  # KMS key that signs drift found with the look_role, and no more
    # entries about it and the environments before it must be signed; once recorded, only its gates take this back
    signatures: Literal["required"] | None = None
    # KMS key that signs what people decide about it, in the account of the store or of security: approvals, locks
    approval_signing_key: fields.KmsKey | None = None
    signed_from: fields.Count = 1  # number of the first ledger entry that must be signed
    approval_signed_from: fields.Count = 1  # number of the first ledger entry that people sign with their own key
    protected: fields.Flag = False  # resources that hold data are not deleted, and the environment is not destroyed
    max_destroys: fields.CountOrNone = 5  # the number of other resources that one plan may delete, if protected
    # keys of providers that differ here, such as `[environments.prod.providers.datadog]`, over those of the release
    providers: Mapping[fields.ProviderName, Mapping[str, fields.ProviderValue]] = {}
    gates: Gates = Gates.model_construct()
    allow: Allow = Allow.model_construct()
    drift: DriftTable = DriftTable.model_construct()

    @property
    def is_on_aws(self) -> bool:
        """True if the project file places the environment on AWS."""
        return bool(self.account_id or self.assume_role or self.profile)


class Artifact(fields.Section):
    """A value promoted with the release, equal in all environments."""

    variable: fields.VariableName  # variable that takes the value
    kind: Literal["oci", "string"]  # an image, pinned by its digest, or plain text
    # repository of the image in each environment; placeholders: {project}, {environment}, {account_id} and {region}
    repository: fields.Repository | None = None
    copies: fields.Flag = Field(default=False, alias="copy")  # a promotion copies a missing image to `repository`
    stacks: tuple[fields.Name, ...] | None = None  # the stacks that take it; unset: all with the variable

    @property
    def keys(self) -> tuple[str, ...]:
        """Its names in a release: `VARIABLE`, or `STACK.VARIABLE` for each stack that takes it."""
        return (self.variable,) if self.stacks is None else tuple(f"{each}.{self.variable}" for each in self.stacks)

    def fills(self, stack: str, variables: Collection[str]) -> bool:
        """Tell if a stack with these variables takes it."""
        return self.variable in variables and (self.stacks is None or stack in self.stacks)


SecretKey = Annotated[
    str,
    fields.require(
        lambda key: re.fullmatch(rf"(?:{NAME_PATTERN}\.)?[A-Za-z_][\w-]*", key, re.ASCII),
        'must be the name of a Terraform variable, or "STACK.VARIABLE"',
    ),
]
_SOURCE_SCHEMA = {"type": "string", "pattern": "^(env|secretsmanager|ssm):.+"}
_STACK_SCHEMA = {"type": "object", "additionalProperties": _SOURCE_SCHEMA}
SecretValueSource = Annotated[
    SecretSource, PlainValidator(parse_source), WithJsonSchema({"anyOf": [_SOURCE_SCHEMA, _STACK_SCHEMA]})
]
SecretSources = Annotated[Mapping[SecretKey, SecretValueSource], BeforeValidator(flatten_sources)]


class Secrets(fields.Section):
    """Settings with names of secrets, by store: variables or patterns of them; and variables with secret values."""

    secretsmanager: tuple[fields.VariablePattern, ...] = ()  # variables that name secrets of Secrets Manager
    ssm: tuple[fields.VariablePattern, ...] = ()  # variables that name parameters of SSM
    # sensitive or ephemeral variables, or `STACK.VARIABLE`, each with the source of its value: `env:NAME`,
    # `secretsmanager:NAME` or `ssm:NAME`, and `#KEY` for one key of a JSON object
    values: SecretSources = Field(default={})


class Parity(fields.Section):
    """Comparison of settings with the environment before."""

    # settings that may differ, or `STACK.VARIABLE` for those of one stack; all others must be equal
    may_differ: tuple[fields.SettingName, ...] = ()
    # environments to compare; unset: those after the second, protected ones and the last
    environments: tuple[fields.Name, ...] | None = None


class Protection(fields.Section):
    """Further types of resources with data, besides the built-in list."""

    stateful: tuple[fields.ResourceType, ...] = ()  # further resource types that hold data


class Sandbox(fields.Section):
    """The embedded AWS."""

    endpoint_url: fields.HttpUrl | None = None  # another emulator of AWS to use instead


def _add_kinds(checks: object) -> object:
    if not isinstance(checks, Mapping):
        return checks
    return {name: add_kind(name, table) if isinstance(table, Mapping) else table for name, table in checks.items()}


class Project(fields.Section):
    """The tables of envctl.toml. `load_project` adds the checks across tables. `view_for` returns the view of one
    standalone environment, as a pipeline of its own with its own stacks.
    """

    identity: Identity = Field(alias="project")
    terraform: Terraform = Terraform.model_construct()
    store: Store = Store.model_construct()
    settings: SettingsTable = SettingsTable.model_construct()
    state: State = State.model_construct()
    ci: Ci = Ci.model_construct()
    aws: Aws = Aws.model_construct()
    order: PipelineOrder = Field(alias="pipeline")
    environments: Mapping[fields.Name, Environment]
    every_stack: Annotated[Mapping[fields.Name, Stack], Field(min_length=1, alias="stacks")]
    removed: Mapping[fields.Name, RemovedStack] = {}
    every_artifact: Mapping[fields.Name, Artifact] = Field(default={}, alias="artifacts")
    secrets: Secrets = Secrets.model_construct()
    # settings of a Terraform provider, such as `[providers.datadog]`; they are passed on to it as they are
    providers: Mapping[str, Mapping[str, fields.ProviderValue]] = {}
    every_check: Annotated[Mapping[fields.Name, Check], BeforeValidator(_add_kinds)] = Field(default={}, alias="checks")
    cost: CostTable | None = None
    parity: Parity | None = None
    protection: Protection = Protection.model_construct()
    sandbox: Sandbox = Sandbox.model_construct()
    # examples for forecasts of stacks that can't be planned yet, by stack and output: shown, and never applied
    outputs_forecast: Mapping[fields.Name, Mapping[str, fields.SetValue]] = {}
    # Standalone environment of this view; empty for the pipeline.
    _standalone: str = PrivateAttr("")
    # Whether the command of this view only looks.
    _only_looks: bool = PrivateAttr(default=False)
    # The one environment that a deployment may change; empty for every one.
    _changes_only: str = PrivateAttr(default="")
    # by environment, the fingerprints of the keys that its people sign with, where signatures are required
    _signers: Mapping[str, tuple[str, ...]] = PrivateAttr(default_factory=dict)

    def view_for(self, environment: str) -> "Project":
        beside = "" if self.environments[environment].in_pipeline else environment
        if beside == self._standalone:
            return self
        seen = self.model_copy()
        seen._standalone = beside
        return seen

    def for_looking(self) -> "Project":
        """Return the view of a command that only looks: it takes the `look_role` of each environment that has one."""
        seen = self.model_copy()
        seen._only_looks = True
        return seen

    def for_changing(self, environment: str) -> "Project":
        """Return the view of a deployment: elsewhere, such as where an image is copied from, it only looks."""
        seen = self.model_copy()
        seen._changes_only = environment
        return seen

    def with_signers(self, signers: Mapping[str, tuple[str, ...]]) -> "Project":
        """Return the project with the pinned keys of people: they are part of its rules."""
        seen = self.model_copy()
        seen._signers = signers
        return seen

    def list_signers(self, environment: str) -> tuple[str, ...]:
        """Return the fingerprints of the keys that its people sign with, where signatures are required."""
        return self._signers.get(environment, ())

    def requires_signatures(self, environment: str) -> bool:
        """Check if entries about the environment must be signed: it requires that, or one after it does."""
        order = self.order.order
        later = order[order.index(environment) :] if environment in order else (environment,)
        return any(self.environments[name].signatures for name in later)

    @property
    def only_looks(self) -> bool:
        """True in the view of a command that only looks."""
        return self._only_looks

    def looks_with_role(self, environment: str) -> bool:
        """Check if this command may take the `look_role` of the environment only."""
        return self.only_looks_in(environment) and self.environments[environment].look_role is not None

    def only_looks_in(self, environment: str) -> bool:
        """Check if this command changes nothing in the environment."""
        return self._only_looks or self._changes_only not in ("", environment)

    def find_acting_role(self, environment: str) -> str:
        """Return the role that this command takes in the environment; empty for none."""
        there = self.environments[environment]
        return (there.look_role if self.looks_with_role(environment) else there.assume_role) or ""

    @property
    def standalone(self) -> tuple[str, ...]:
        """The environments outside the pipeline."""
        return tuple(name for name, each in self.environments.items() if not each.in_pipeline)

    @property
    def all_environments(self) -> tuple[str, ...]:
        """All environments: first the pipeline in its order, then the standalone ones."""
        return (*self.order.order, *self.standalone)

    def __copy__(self) -> Self:
        """Return a copy without what is cached: another view has stacks of its own."""
        copied = super().__copy__()
        for name in ("stacks", "has_usual_states"):
            copied.__dict__.pop(name, None)
        return copied

    # Cached: it is asked for each stack.
    @cached_property
    def stacks(self) -> Mapping[str, Stack]:
        return {
            name: stack
            for name, stack in self.every_stack.items()
            if (self._standalone in stack.environments if self._standalone else not stack.environments)
        }

    @property
    def artifacts(self) -> Mapping[str, Artifact]:
        """The artifacts, of the pipeline only: they come by promotion."""
        return {} if self._standalone else self.every_artifact

    @property
    def checks(self) -> Mapping[str, Check]:
        """The checks; in the view of a standalone environment, only those with its name."""
        return {
            name: check
            for name, check in self.every_check.items()
            if not self._standalone or self._standalone in check.environments
        }

    @cached_property
    def has_usual_states(self) -> bool:
        """True if all states are where envctl puts them by itself."""
        return (
            self.state.backend in ("local", "s3")
            and self.state.model_fields_set <= {"backend", "bucket"}
            and "{stack}" not in self.state.bucket
            and not self.state.backend_keys.keys() - ({"bucket"} if self.state.backend == "s3" else set())
            and not any(each.state for each in self.every_stack.values())
            and not any(each.state for each in self.removed.values())
        )

    @property
    def unplaced_roots(self) -> frozenset[str]:
        """The stacks with a root module of which the project file does not say where their states are."""
        stacks = () if self.state.model_fields_set else self.every_stack.items()
        return frozenset(name for name, each in stacks if each.root is not None and not each.state)

    @property
    def name(self) -> str:
        return self.identity.name

    @property
    def owner(self) -> Owner:
        """The owner of the store and of its releases."""
        return Owner(self.name, self.store.project or "")

    @property
    def pipeline(self) -> Pipeline:
        return Pipeline((self._standalone,), standalone=True) if self._standalone else Pipeline(self.order.order)

    @property
    def entry(self) -> str:
        return self.pipeline.entry

    def is_compared(self, environment: str) -> bool:
        """Check if parity compares its settings with those of the environment before it. An environment right after the
        entry is compared only if it is protected, the last one, or named in `parity`.
        """
        before = self.pipeline.find_previous(environment)
        if self.parity is None or before is None:
            return False
        if self.parity.environments is not None:
            return environment in self.parity.environments
        is_last = self.pipeline.find_next(environment) is None
        return before != self.entry or self.environments[environment].protected or is_last
