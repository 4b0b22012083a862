"""The request for a deployment: its operation, its target and the options of the operator."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.domain.operation import Operation
from envctl.domain.plan.changes import ResourceChange
from envctl.usecases.concurrency.dag_runner import ALL_STACKS, StackSelection
from envctl.usecases.ports.context import Context


@dataclass(frozen=True, kw_only=True)
class DeployOptions:
    """The options of a deployment, as given by the operator."""

    dry_run: bool = False
    verify: bool = True
    break_glass: str = ""  # The reason, or empty.
    undo: bool = False  # Undo all drift: raise an error instead of accepting drift outside the plan.
    selection: StackSelection = ALL_STACKS
    partial: bool = False  # Deploy although the approvals cover only the first stacks.
    older: bool = False  # Allow an older release than the current one.
    state_lost: bool = False  # Destroy although states are lost; their resources may remain.


DEFAULT = DeployOptions()


@dataclass(frozen=True)
class DeployRequest:
    """A requested deployment. `found_drift` has the drift to undo, by ledger name."""

    context: Context
    action: Operation
    target: str
    options: DeployOptions = DEFAULT
    found_drift: Mapping[str, ResourceChange] = field(default_factory=dict)
