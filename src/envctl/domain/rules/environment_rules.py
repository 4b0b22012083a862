"""The rules of an environment for any change to it."""

from collections.abc import Mapping
from typing import Annotated

from envctl.domain.config.fields import CountOrNone, Flag
from envctl.domain.config.gates import Allow, Gates
from envctl.domain.config.rules.rule_text import RuleText


class Rules(Gates, Allow):
    """The gates and permissions of an environment, with the default gates, and its rules from other tables. JSON has
    windows in words. `may_differ` is None without a settings comparison.
    """

    is_usual: bool = False  # `approvals` is missing in the project: the default gates apply
    protected: Annotated[
        Flag, RuleText("Protected", "no resource with data is destroyed, and at most {rules.max_destroys} others")
    ] = False
    max_destroys: Annotated[CountOrNone, RuleText()] = 0  # for protected environments
    stateful: frozenset[str] = frozenset()  # types of resources with data, for protected environments
    # Settings exempt from parity; None: settings are not compared.
    may_differ: Annotated[
        frozenset[str] | None, RuleText("Parity", "may differ in {}", is_in_force=lambda names: names is not None)
    ] = None
    signers: frozenset[str] = frozenset()  # keys of people, where signatures are required
    checks: Mapping[str, str] = {}  # required in the source: name to mark

    def list_approver_patterns(self, gate: str) -> tuple[str, ...]:
        """Return the patterns of permitted approvers; empty permits all."""
        return self.approve.get(gate, ())
