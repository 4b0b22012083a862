"""The ports as plain classes in memory. What they can't show is shown elsewhere for real."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from envctl.cli.wiring.readers import Languages
from envctl.domain.aws.access import Caller
from envctl.domain.aws.secret_status import NeededSecret, SecretChange, SecretValue, Sighting, State
from envctl.domain.checks.probes import Output, Probe
from envctl.domain.config.project import PROJECT_FILE
from envctl.domain.config.project_owner import Owner
from envctl.domain.errors import (
    EnvctlError,
    InterruptedByUserError,
    LockHeldError,
    OperationFailedError,
    Problem,
    StateLock,
    StateLockedError,
    UpstreamBehindError,
    UsageError,
)
from envctl.domain.images.image_reference import Found
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.signatures import Algorithm
from envctl.domain.ledger.trust import Trust
from envctl.domain.plan.changes import Action, AttributeChange, EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.plan.drift import Look
from envctl.domain.plan.provider_accounts import ProviderConfiguration
from envctl.domain.release.contents import File
from envctl.domain.rollout.alarms import AlarmState, SeenAlarm
from envctl.domain.terraform.workdir_names import LEFT
from envctl.usecases.ledger import journal as record
from envctl.usecases.ledger import trust as trusts
from envctl.usecases.ports.aws import Copied, Pulled
from envctl.usecases.ports.bucket_report import BucketReport
from envctl.usecases.ports.core import AlreadyExistsError, Answered, Ports
from envctl.usecases.ports.cost import CostSource
from envctl.usecases.ports.project import Prepared, Revision
from envctl.usecases.ports.terraform import (
    HashedProviders,
    Installed,
    PreparedStack,
    Progressed,
    ProviderSource,
    UnpinnedProvider,
)
from envctl.usecases.project import load
from tests.fakes.beginnings import MemoryGround, MemoryTemplates
from tests.fakes.buckets import MemoryBuckets
from tests.fakes.formatting import MemoryFormatter
from tests.fakes.modules import MemoryModules


@dataclass
class MemoryStore:
    content: dict[str, bytes] = field(default_factory=dict)

    endpoint: str = ""

    def create(self, key: str, data: bytes) -> None:
        if key in self.content:
            raise AlreadyExistsError(key)
        self.content[key] = data

    def read(self, key: str) -> bytes | None:
        return self.content.get(key)

    def read_all(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self.content.get(key) for key in keys]

    def keys(self, prefix: str, after: str = "") -> list[str]:
        return sorted(key for key in self.content if key.startswith(prefix) and key > after)

    def fetching(self, keys: Sequence[str], lists: Sequence[tuple[str, str]]) -> AbstractContextManager[None]:
        return nullcontext()

    def foresee_time(self) -> None:
        pass

    def now(self) -> datetime | None:
        """It has no clock."""
        return None

    def written_at(self, key: str) -> datetime | None:
        return None


def _folders(name: str) -> set[str]:
    return {str(folder) for folder in PurePosixPath(name).parents}


@dataclass
class MemoryTree:
    content: dict[str, bytes]

    def read(self, path: str) -> bytes | None:
        return self.content.get(path)

    def file(self, path: str) -> File | None:
        return File(self.content[path]) if path in self.content else None

    def folder(
        self, path: str, endings: tuple[str, ...] = ("",), without: Collection[str] = ()
    ) -> Mapping[str, File] | None:
        found = {name: File(data) for name, data in self.content.items() if str(PurePosixPath(path)) in _folders(name)}
        return (
            {n: f for n, f in found.items() if n.endswith(endings) and not set(without) & set(n.split("/"))}
            if found
            else None
        )

    def write(self, path: str, data: bytes) -> None:
        self.content[path] = data


@dataclass
class MemoryWitness:
    seen: tuple[int, str] | None = None

    def recall(self) -> tuple[int, str] | None:
        return self.seen

    def remember(self, seq: int, head: str) -> None:
        if self.seen is None or seq > self.seen[0]:
            self.seen = (seq, head)


@dataclass
class MemoryWorkspace:
    """Remembers nothing, so that everything is prepared anew each time."""

    code: dict[str, Mapping[str, File]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    stacks: dict[tuple[str, str], bytes] = field(default_factory=dict)
    records: dict[tuple[str, str], bytes] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    unsaved_in: set[str] = field(default_factory=set)
    noted: dict[str, frozenset[str]] = field(default_factory=dict)

    @contextmanager
    def lock(self, environment: str, holder: str) -> Iterator[None]:
        if environment in self.held:
            raise LockHeldError(Problem("E308", f"{holder} has to wait"))
        self.held.add(environment)
        try:
            yield
        finally:
            self.held.remove(environment)

    def lay_code(self, environment: str, files: Mapping[str, File]) -> None:
        self.code[environment] = dict(files)

    def name_code(self, environment: str, release: str) -> None:
        self.names[environment] = release

    def code_of(self, environment: str) -> str:
        return self.names.get(environment, "")

    def lay_stack(self, environment: str, stack: str, main: bytes) -> None:
        self.stacks[environment, stack] = main

    def lay_modules(self, environment: str, stack: str, record: bytes) -> None:
        self.records[environment, stack] = record

    def modules(self, environment: str, stack: str) -> bytes | None:
        return self.records[environment, stack]

    def provider_lock(self, environment: str, stack: str) -> bytes | None:
        return None

    def known_states(self, environment: str) -> frozenset[str]:
        return self.noted.get(environment, frozenset())

    def note_known_states(self, environment: str, stacks: Sequence[str]) -> None:
        self.noted[environment] = frozenset(stacks)

    def unsaved(self, environment: str) -> bool:
        return environment in self.unsaved_in

    def remembers(self, environment: str) -> bool:
        return False

    def recall(self, environment: str) -> Prepared | None:
        return None

    def mark(self, inputs: Sequence[str]) -> str:
        return ""

    def mark_laid_out(self, prepared: Prepared) -> str:
        stacks = [self.stacks.get((prepared.environment, stack.name)) for stack in prepared.all_stacks]
        return repr((self.code.get(prepared.environment), stacks))

    def remember(self, prepared: Prepared, inputs: Sequence[str], mark: str) -> None:
        pass


@dataclass
class OneByOne:
    """A crew of one: jobs are done in the order in which they were begun, each when its end is waited for."""

    waiting: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    on_pause: Callable[[float], None] = lambda _: None

    def pause(self, seconds: float) -> None:
        self.on_pause(seconds)

    def begin(self, name: str, job: Callable[[], None], unit: str = "") -> None:
        self.waiting.append((name, job))

    def ended(self) -> tuple[str, BaseException | None]:
        name, job = self.waiting.pop(0)
        try:
            job()
        except Exception as error:  # noqa: BLE001 (it is raised where the job was begun)
            return name, error
        return name, None

    @contextmanager
    def asking(self) -> Iterator[None]:
        yield


class Killed(BaseException):
    """Stands for a process that is gone: nobody records anything after it."""


@dataclass
class MemoryTerraform:
    """`reality` is what was applied where: the hash of the code and of the root module. `extra` is what plans hold
    besides, for as long as it is there, `configurations` the providers that they work with, and what is `barren` has no
    resources. `linked` has what a stack reads of others become a part of what it is, and `behind` names those that read
    what the one of that name only puts out once it is what it should be.
    """

    workspace: MemoryWorkspace
    reality: dict[tuple[str, str], str] = field(default_factory=dict)
    states: set[tuple[str, str]] = field(default_factory=set)
    fails_on: set[tuple[str, str]] = field(default_factory=set)
    failure: str = "said no"
    unplannable: set[tuple[str, str]] = field(default_factory=set)
    barren: set[tuple[str, str]] = field(default_factory=set)
    interrupted: set[tuple[str, str]] = field(default_factory=set)
    behind: dict[tuple[str, str], str] = field(default_factory=dict)
    linked: bool = False
    dies_on: set[tuple[str, str]] = field(default_factory=set)
    dies_after: set[tuple[str, str]] = field(default_factory=set)
    remote: bool = False
    drifted: set[tuple[str, str]] = field(default_factory=set)
    unseen: set[tuple[str, str]] = field(default_factory=set)
    unsaved: set[tuple[str, str]] = field(default_factory=set)
    taken_in: list[tuple[str, str, str, str]] = field(default_factory=list)
    locks: dict[tuple[str, str], StateLock] = field(default_factory=dict)
    extra: dict[tuple[str, str], tuple[ResourceChange, ...]] = field(default_factory=dict)
    configurations: dict[tuple[str, str], tuple[ProviderConfiguration, ...]] = field(default_factory=dict)
    lineages: dict[tuple[str, str], str] = field(default_factory=dict)
    serials: dict[tuple[str, str], int] = field(default_factory=dict)
    holds: dict[tuple[str, str], Mapping[str, Output]] = field(default_factory=dict)
    unreadable: dict[tuple[str, str], EnvctlError] = field(default_factory=dict)
    here: Installed | EnvctlError = field(default_factory=lambda: Installed("/usr/bin/terraform", "1.15.5"))
    provided: ProviderSource = field(default_factory=lambda: ProviderSource("cache", "/cache"))
    hashes: HashedProviders | EnvctlError = field(default_factory=lambda: HashedProviders(b"", (), {}))
    replaced: tuple[UnpinnedProvider, ...] = ()
    hashed: list[tuple[bytes, tuple[str, ...]]] = field(default_factory=list)
    planned: dict[tuple[str, str], str | None] = field(default_factory=dict)
    ran: list[tuple[str, str, str]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    on_pause: Callable[[float], None] = lambda _: None

    def installed(self, binary: str) -> Installed:
        if isinstance(self.here, EnvctlError):
            raise self.here
        return self.here

    def source(self, providers: Mapping[str, str], *, knock: bool) -> ProviderSource:
        return self.provided

    def unpinned(self) -> tuple[UnpinnedProvider, ...]:
        return self.replaced

    def hash_providers(
        self, environment: str, stack: PreparedStack, provider_lock: bytes, platforms: Sequence[str]
    ) -> HashedProviders:
        self.hashed.append((provider_lock, tuple(platforms)))
        if isinstance(self.hashes, EnvctlError):
            raise self.hashes
        return self.hashes

    @contextmanager
    def at_once(self) -> Iterator[OneByOne]:
        yield OneByOne(on_pause=self.on_pause)

    def init(self, environment: str, stack: PreparedStack, provider_lock: bytes | None) -> None:
        self.ran.append(("init", environment, stack.name))

    def at_rest(self, environment: str, stack: PreparedStack) -> None:
        pass

    def plan(self, environment: str, stack: PreparedStack, *, destroy: bool = False, wait: bool = True) -> StackPlan:
        where = (environment, stack.name)
        self.ran.append(("plan", *where))
        self.check_lock(environment, stack)
        self._demand_plannable(environment, stack, destroy=destroy)
        there, wanted = self.reality.get(self._at(where)), None if destroy else self._wanted(environment, stack)
        self.planned[where] = wanted
        held = 0 if there is None else 1
        if there == wanted or where in self.barren:
            return StackPlan(stack.name, stateless=destroy and self._at(where) not in self.states, in_state=held)
        action = Action.CREATE if there is None else Action.DELETE if wanted is None else Action.UPDATE
        value = AttributeChange("input", there, wanted)
        resource = ResourceChange(f"terraform_data.{stack.name}", "terraform_data", action, (value,))
        return StackPlan(
            stack.name,
            (*self.extra.get(where, ()), resource),
            stateless=there is None,
            in_state=held,
            providers=self.configurations.get(where, ()),
        )

    def _demand_plannable(self, environment: str, stack: PreparedStack, *, destroy: bool) -> None:
        where = (environment, stack.name)
        if where in self.unplannable:
            raise OperationFailedError(Problem("E305", f"{stack.name} can't be planned"))
        upstream = self.behind.get(where)
        if upstream and not destroy:
            there = self.reality.get((environment, upstream))
            if there != self._wanted(environment, PreparedStack(upstream)):
                raise UpstreamBehindError((upstream,), Problem("E305", f"{upstream} does not put that out"))

    def apply(self, environment: str, stack: PreparedStack) -> None:
        where = (environment, stack.name)
        self.ran.append(("apply", *where))
        self.sessions.append(stack.session)
        if where in self.dies_on:
            raise Killed
        if where in self.fails_on:
            raise OperationFailedError(Problem("E305", f"{stack.name} {self.failure}", stack=stack.name))
        if where in self.interrupted:
            raise InterruptedByUserError(Problem("E311", "interrupted: Terraform stopped cleanly"))
        planned, there = self.planned.pop(where), self._at(where)
        # A state from which all was destroyed is still there.
        self.states.add(there)
        if planned is None:
            del self.reality[there]
        else:
            self.reality[there] = planned

    def discard(self, environment: str, stack: PreparedStack) -> None:
        self.planned.pop((environment, stack.name), None)

    def look(self, environment: str, stack: PreparedStack, *, unchanged: bool) -> Look:
        where = (environment, stack.name)
        if where in self.unseen:
            raise OperationFailedError(Problem("E305", f"{stack.name} can't be reached"))
        changed = AttributeChange("input", "as applied", "changed by hand")
        drifted = ResourceChange(f"terraform_data.{stack.name}", "terraform_data", Action.UPDATE, (changed,))
        drift = StackPlan(stack.name, (drifted,) if where in self.drifted else ())
        return Look(drift, self._pending(environment, stack))

    def _pending(self, environment: str, stack: PreparedStack) -> StackPlan:
        there, wanted = self.reality.get(self._at((environment, stack.name))), self._wanted(environment, stack)
        if there == wanted:
            return StackPlan(stack.name)
        action = Action.CREATE if there is None else Action.UPDATE
        value = AttributeChange("input", there, wanted)
        resource = ResourceChange(f"terraform_data.{stack.name}", "terraform_data", action, (value,))
        return StackPlan(stack.name, (resource,), stateless=there is None)

    def loses_the_state(self, environment: str, stack: str) -> None:
        """What it held may still be there, and nobody knows of it."""
        self.reality.pop((environment, stack), None)
        self.states.discard((environment, stack))

    def has_state(self, environment: str, stack: PreparedStack) -> bool:
        return self._at((environment, stack.name)) in self.states

    def pull_state(self, environment: str, stack: PreparedStack) -> bytes:
        where = self._at((environment, stack.name))
        if where not in self.states:
            return b""
        held = [self.reality[where]] if where in self.reality else []
        document = {"lineage": self.lineages.get(where, "".join(where)), "serial": self.serials.get(where, 1)}
        return json.dumps({**document, "resources": held, "outputs": {}}).encode()

    def push_state(self, environment: str, stack: PreparedStack, state: bytes) -> None:
        where, document = self._at((environment, stack.name)), json.loads(state)
        self.ran.append(("push", environment, where[1]))
        self.check_lock(environment, stack)
        if self.remote and where in self.dies_on | self.dies_after:
            self.locks[where] = StateLock(where[1], "7f3e", "who died")
        if where in self.dies_on:
            raise Killed
        if where in self.states and document["lineage"] != self.lineages.get(where, "".join(where)):
            raise OperationFailedError(Problem("E305", f"the state of {where[1]} has another lineage"))
        self.states.add(where)
        if self.remote and where not in self.lineages:
            # As S3 does it: what is written where nothing was gets a lineage of its own.
            document |= {"lineage": f"new {''.join(where)}", "serial": 1}
        self.lineages[where], self.serials[where] = document["lineage"], document["serial"]
        self.reality.pop(where, None)
        if document["resources"]:
            self.reality[where] = document["resources"][0]
        if where in self.dies_after:
            raise Killed

    def _at(self, where: tuple[str, str]) -> tuple[str, str]:
        """Where the state lies by the root module, which is mostly under the name of the stack."""
        main = self.workspace.stacks.get(where)
        backend = json.loads(main)["terraform"]["backend"] if main else {}
        said: dict[str, str] = next(iter(backend.values()), {})
        path = str(said.get("path") or said.get("key") or where[1])
        return where[0], PurePosixPath(path).stem

    def settle(self, environment: str, stack: PreparedStack) -> None:
        self.ran.append(("settle", environment, stack.name))
        self.drifted.discard((environment, stack.name))

    def outputs(self, environment: str, stack: PreparedStack) -> Mapping[str, Output]:
        where = (environment, stack.name)
        if where in self.unreadable:
            raise self.unreadable[where]
        return self.holds.get(where, {"here": Output(environment, sensitive=False)})

    def check_lock(self, environment: str, stack: PreparedStack) -> None:
        if lock := self.locks.get(self._at((environment, stack.name))):
            raise StateLockedError(lock, Problem("E306", f"the state of {stack.name} is locked"))

    def unlock(self, environment: str, stack: PreparedStack, lock_id: str) -> None:
        assert self.locks.pop(self._at((environment, stack.name))).id == lock_id

    def take_in(self, environment: str, stack: PreparedStack, address: str, identity: str) -> None:
        self.taken_in.append((environment, stack.name, address, identity))

    def rescue(self, environment: str, stack: PreparedStack) -> bool:
        where = (environment, stack.name)
        if where not in self.unsaved:
            return False
        self.unsaved.remove(where)
        return True

    def code_of(self, environment: str) -> str:
        """A hash of the code that lies ready in an environment."""
        digest = hashlib.sha256()
        for name, file in sorted(self.workspace.code[environment].items()):
            if name.startswith(f"{LEFT}/"):
                continue
            digest.update(name.encode() + b"\0" + file.data)
        return digest.hexdigest()

    def _wanted(self, environment: str, stack: PreparedStack) -> str:
        main, there = self.workspace.stacks[environment, stack.name], self._at((environment, stack.name))[1]
        if stack.leaves:
            return self.reality.get((environment, there), "")
        # Where a state lies is nothing that is applied.
        main = re.sub(rb"[\w-]+[.]tfstate", b"state", main)
        read = [self.reality.get((environment, name)) for name in stack.upstream] if self.linked else []
        return f"{self.code_of(environment)} {hashlib.sha256(main + repr(read).encode()).hexdigest()}"


@dataclass
class MemoryAccess:
    """Gives the same keys to everybody, but for the environments that it refuses. `accounts` says which account answers
    where.
    """

    refused: set[str] = field(default_factory=set)
    accounts: dict[str, str] = field(default_factory=dict)
    ends_at: datetime | None = None
    asked: list[str] = field(default_factory=list)
    remembered: set[str] = field(default_factory=set)
    off: timedelta | None = None

    def known(self, environment: str) -> bool:
        return environment in self.remembered

    def remember(self, environment: str) -> None:
        self.remembered.add(environment)

    def ahead(self) -> timedelta | None:
        return self.off

    def caller(self, environment: str = "") -> Caller:
        self.asked.append(environment)
        if environment in self.refused:
            raise OperationFailedError(Problem("E413", f"the role of {environment} can't be assumed"))
        account = self.accounts.get(environment, "111111111111")
        return Caller(account, f"arn:aws:sts::{account}:assumed-role/envctl-deployer/envctl", self.ends_at)

    def keys(self, environment: str) -> Mapping[str, str]:
        self.caller(environment)
        return {
            "AWS_ACCESS_KEY_ID": "ASIAROLE",
            "AWS_SECRET_ACCESS_KEY": "key of the role",
            "AWS_SESSION_TOKEN": "token",
        }


@dataclass
class MemoryRegistries:
    """`held` is what is there, by reference without tag; without it, everything is. `tags` say what they mean."""

    held: set[str] | None = None
    tags: dict[str, str] = field(default_factory=dict)
    unreachable: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def digest(self, tagged: Pulled) -> str | None:
        self._ask("digest", tagged)
        return self.tags.get(str(tagged.image))

    def find(self, pinned: Pulled) -> Found:
        self._ask("find", pinned)
        return "there" if self.held is None or str(pinned.image) in self.held else "absent"

    def copy(self, source: Pulled, target: Pulled, tell: Callable[[Copied], None]) -> None:
        self._ask("copy from", source)
        self._ask("copy to", target)
        for blobs in (0, 1, 2):
            tell(Copied(blobs, 2, blobs << 20, 2 << 20))
        assert self.held is not None
        assert str(source.image) in self.held
        self.held.add(str(target.image))

    def _ask(self, what: str, pulled: Pulled) -> None:
        self.asked.append((what, str(pulled.image), pulled.environment))
        if pulled.image.registry in self.unreachable:
            raise OperationFailedError(Problem("E433", f"{pulled.image.registry} can't be reached", "try again"))


@dataclass
class MemorySecrets:
    """`held` is what each secret holds, by environment and name, and `otherwise` what is wrong with one that is there,
    or seems to be. Types of parameters are in `types`.
    """

    held: dict[tuple[str, str], bytes] = field(default_factory=dict)
    otherwise: dict[tuple[str, str], State] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    looked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    created: dict[tuple[str, str], tuple[Mapping[str, str], str]] = field(default_factory=dict)

    def look(self, environment: str, wanted: Sequence[NeededSecret]) -> tuple[Sighting, ...]:
        self.looked.append((environment, tuple(each.id for each in wanted)))
        return tuple(self._seen(environment, each) for each in wanted)

    def _seen(self, environment: str, secret: NeededSecret) -> Sighting:
        where = (environment, secret.name)
        state = self.otherwise.get(where, "there" if where in self.held else "absent")
        if state == "unknown":
            permission = "the permission secretsmanager:DescribeSecret is missing"
            return Sighting(secret, state, remark=permission, hint="allow it")
        at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC) if state != "absent" else None
        return Sighting(
            secret, state, at, type=self.types.get(secret.name, "SecureString" if secret.kind == "ssm" else "")
        )

    def put(
        self, environment: str, seen: Sighting, value: SecretValue, *, tags: Mapping[str, str], kms_key: str = ""
    ) -> None:
        where = (environment, seen.secret.name)
        if seen.state == "absent":
            self.created[where] = (tags, kms_key)
        self.held[where] = value.data


@dataclass
class MemoryKeys:
    """A key for each environment, which never leaves it. `signed` says for what, and how, each was asked; `refused` are
    those that say no.
    """

    private: dict[str, EllipticCurvePrivateKey] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    signed: list[tuple[str, bool]] = field(default_factory=list)

    def key(self, environment: str) -> str:
        return f"arn:aws:kms:ap-northeast-1:111111111111:alias/envctl-{environment}"

    def sign(self, environment: str, algorithm: Algorithm, message: bytes, *, personally: bool) -> bytes:
        if environment in self.refused:
            raise OperationFailedError(Problem("E468", f"the KMS key of {environment} does not sign"))
        assert algorithm == "ECDSA_SHA_256"
        self.signed.append((environment, personally))
        return self.private[environment].sign(message, ECDSA(SHA256()))

    def public_key(self, environment: str) -> bytes:
        if environment not in self.private:
            raise OperationFailedError(Problem("E467", f"there is no KMS key for {environment}"))
        public = self.private[environment].public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def create(self, environment: str) -> bool:
        if environment in self.private:
            return False
        self.private[environment] = generate_private_key(SECP256R1())
        return True


@dataclass
class MemoryAlarms:
    """Says of each alarm what it was told to say; those it was told nothing of are not there. `fails` is what it says
    in place of an answer.
    """

    states: dict[str, AlarmState] = field(default_factory=dict)
    fails: EnvctlError | None = None
    asked: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)

    def look(self, environment: str, region: str, names: Sequence[str]) -> tuple[SeenAlarm, ...]:
        self.asked.append((environment, region, tuple(names)))
        if self.fails is not None:
            raise self.fails
        return tuple(SeenAlarm(name, self.states.get(name, "absent"), "as told") for name in names)


@dataclass
class SettableClock:
    time: datetime = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@dataclass
class CountedMarks:
    given: int = 0

    def fresh(self) -> str:
        self.given += 1
        return f"mark {self.given}"


@dataclass
class SettableIdentity:
    name: str = "ann@example.com"
    via: Literal["aws", "github", "local"] = "local"
    why: str = ""

    def actor(self) -> Actor:
        if self.via == "aws":
            return Actor(self.name, "aws", verified=True, arn=self.name)
        return Actor(self.name, self.via)

    def doubt(self) -> str:
        return self.why


@dataclass
class SettableReviews:
    """Who let the job begin, by environment."""

    names: dict[str, list[str]] = field(default_factory=dict)
    written: dict[str, list[str]] = field(default_factory=dict)

    def approved(self, environment: str) -> list[str]:
        return self.names.get(environment, [])

    def authors(self, commit: str) -> list[str]:
        return self.written.get(commit, [])


@dataclass
class SettableVersions:
    known: Revision = field(default_factory=lambda: Revision("c0ffee", "ann@example.com", uncommitted=False))
    lies_in: str | None = None
    others: dict[str, list[str]] = field(default_factory=dict)
    """Contributors, by the commit that they came after."""
    wrote: dict[str, list[str]] = field(default_factory=dict)
    """Who has changed a file."""
    descendants: dict[str, bool | None] = field(default_factory=dict)
    """Whether the commit of the working tree is an ancestor of these; None where that is not known."""

    def revision(self, paths: Sequence[str]) -> Revision:
        return self.known

    def contributors(self, since: str) -> list[str]:
        return self.others.get(since, [])

    def writers(self, path: str, since: str) -> list[str]:
        return self.wrote.get(path, [])

    def is_behind(self, commit: str) -> bool | None:
        return self.descendants.get(commit, False)

    def folder(self) -> str | None:
        return self.lies_in


@dataclass
class Listener:
    plans: list[EnvironmentPlan] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    intended: list[tuple[BucketReport, ...]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)

    def begins(self, environments: Sequence[str]) -> None:
        pass

    def progressed(self, event: Progressed) -> None:
        pass

    def planned(self, plan: EnvironmentPlan) -> None:
        self.plans.append(plan)

    def said(self, message: str) -> None:
        self.heard.append(message)

    def intends(self, buckets: Sequence[BucketReport]) -> None:
        self.intended.append(tuple(buckets))

    def hides(self, values: Collection[object], public: Collection[str] = ()) -> None:
        self.hidden.update(map(str, values))


@dataclass
class Answering:
    """Says yes, as often as it is not told otherwise. Where there is `nobody`, it is like a terminal that is none."""

    answers: list[bool] = field(default_factory=list)
    asked: list[EnvironmentPlan] = field(default_factory=list)
    notes: list[tuple[str, ...]] = field(default_factory=list)
    changes: list[SecretChange] = field(default_factory=list)
    nobody: bool = False
    chosen: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    def given(self, plan: EnvironmentPlan, *, again: bool) -> bool:
        self.asked.append(plan)
        return self._answer()

    def approves(self, plan: EnvironmentPlan, gate: str, notes: Sequence[str]) -> bool:
        self.asked.append(plan)
        self.notes.append(tuple(notes))
        return self._answer()

    def approves_rules(self, environment: str, gate: str, changes: Sequence[str]) -> bool:
        self.notes.append(tuple(changes))
        return self._answer()

    def breaks(self, lock: StateLock) -> bool:
        return self._answer()

    def puts(self, change: SecretChange) -> bool:
        self.changes.append(change)
        return self._answer()

    def makes(self, buckets: Sequence[BucketReport]) -> bool:
        return self._answer()

    def chooses(self, question: str, otherwise: str, wrong: Callable[[str], str]) -> str:
        """The next answer of `chosen` with which nothing is wrong; where there is none, what stands by itself."""
        if self.nobody:
            return otherwise
        self.questions.append(question)
        while self.chosen:
            if not wrong(answer := self.chosen.pop(0) or otherwise):
                return answer
        return otherwise

    def _answer(self) -> bool:
        if self.nobody:
            raise UsageError(Problem("E001", "nobody to ask"))
        return self.answers.pop(0) if self.answers else True


@dataclass
class MemoryProbes:
    """Says what it was told to say of a probe, by its name; of others that all is well."""

    problems: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[Probe, Mapping[str, str]]] = field(default_factory=list)

    def ask(self, probe: Probe, surroundings: Mapping[str, str]) -> str:
        self.asked.append((probe, surroundings))
        return self.problems.get(probe.name, "")


@dataclass
class MemoryCosts:
    """Answers what it was told to answer, and remembers what it was asked."""

    answer: Answered = field(
        default_factory=lambda: Answered(b'{"currency": "USD", "monthly": {"before": 1, "after": 2}}')
    )
    asked: list[tuple[CostSource, bytes]] = field(default_factory=list)

    def ask(self, source: CostSource, question: bytes) -> Answered:
        self.asked.append((source, question))
        return self.answer


PROJECT = b"""
[project]
name = "shop"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev]
[environments.staging]
[environments.staging.gates]
approvals = {}
[environments.prod]

[environments.prod.gates]
approvals = { peer = 1, business = 2 }

[stacks.network]
module = "modules/network"

[stacks.web]
module = "modules/web"
inputs = { subnet = "network.subnet" }

[artifacts]
app = { variable = "image", kind = "oci" }
"""

NETWORK = b"""
variable "cidr" { type = string }
variable "environment" { type = string }
output "subnet" { value = var.cidr }
"""

WEB = b"""
variable "subnet" { type = string }
variable "size" { type = number }
variable "image" { type = string }
"""

IMAGE = "registry.example.com/shop@sha256:" + "a" * 64


def project_files() -> dict[str, bytes]:
    return {
        "envctl.toml": PROJECT,
        "modules/network/main.tf": NETWORK,
        "modules/web/main.tf": WEB,
        "environments/common.tfvars": b"size = 1\n",
        "environments/dev/terraform.tfvars": f'cidr = "10.10.0.0/16"\nimage = "{IMAGE}"\n'.encode(),
        "environments/staging/terraform.tfvars": b'cidr = "10.20.0.0/16"\n',
        "environments/prod/terraform.tfvars": b'cidr = "10.30.0.0/16"\nsize = 3\n',
    }


def write_project(root: Path) -> None:
    for name, data in project_files().items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


@dataclass
class World:
    """All fakes of one test, by their own types, and the ports made of them."""

    tree: MemoryTree = field(default_factory=lambda: MemoryTree(project_files()))
    store: MemoryStore = field(default_factory=MemoryStore)
    witness: MemoryWitness = field(default_factory=MemoryWitness)
    workspace: MemoryWorkspace = field(default_factory=MemoryWorkspace)
    access: MemoryAccess = field(default_factory=MemoryAccess)
    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    registries: MemoryRegistries = field(default_factory=MemoryRegistries)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    signatures: MemoryKeys = field(default_factory=MemoryKeys)
    alarms: MemoryAlarms = field(default_factory=MemoryAlarms)
    clock: SettableClock = field(default_factory=SettableClock)
    marks: CountedMarks = field(default_factory=CountedMarks)
    identity: SettableIdentity = field(default_factory=SettableIdentity)
    versions: SettableVersions = field(default_factory=SettableVersions)
    reviews: SettableReviews = field(default_factory=SettableReviews)
    reader: Languages = field(default_factory=lambda: Languages(sandbox=False))
    modules: MemoryModules = field(default_factory=MemoryModules)
    formatter: MemoryFormatter = field(default_factory=MemoryFormatter)
    observer: Listener = field(default_factory=Listener)
    consent: Answering = field(default_factory=Answering)
    probes: MemoryProbes = field(default_factory=MemoryProbes)
    costs: MemoryCosts = field(default_factory=MemoryCosts)
    templates: MemoryTemplates = field(default_factory=MemoryTemplates)
    ground: MemoryGround = field(default_factory=MemoryGround)
    sandbox: bool = False
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
        """As it is for the next command; found out anew where it may be another one."""
        pinning = {name: data for name, data in self.tree.content.items() if name.endswith((".toml", ".pem"))}
        if b"signing_key" not in pinning.get(PROJECT_FILE, b""):
            return Trust()
        if self._trusted[0] != pinning:
            self._trusted = pinning, trusts.trust(self.tree, load.project(self))
        return self._trusted[1]

    @property
    def owner(self) -> Owner:
        data = self.tree.content.get(PROJECT_FILE, b"")
        if self._owned[0] != data:
            self._owned = data, load.project(self).owner
        return self._owned[1]

    def edit(self, path: str, text: str) -> None:
        self.tree.content[path] = text.encode()


def recorded(world: World) -> list[Entry]:
    """The whole ledger, oldest entry first."""
    return list(record.newest_first(world.ports))[::-1]
