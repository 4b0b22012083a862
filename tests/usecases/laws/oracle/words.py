"""What people say, as the oracle keeps account of it, and what commands show them."""

from collections.abc import Mapping
from datetime import datetime

from envctl.domain.ledger import events
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from tests.usecases.laws.machines import NAMES
from tests.usecases.laws.oracle import verdict
from tests.usecases.laws.oracle.account import Command, Given, Place, Reset, Said
from tests.usecases.laws.oracle.rulebook import Document


class Words:
    """`broken` says where a law is broken, and `story` what happened until then."""

    def __init__(self) -> None:
        self.places = {name: Place() for name in NAMES}
        self.broken: list[str] = []
        self.story: list[str] = []

    def says(self, command: Command, problem: str) -> None:
        self.broken.append(f"{command.spelt}: {problem}")
        self.story.append(f"  WRONG {problem}")

    # What commands show.

    def sees_gone(
        self, command: Command, shown: Mapping[str, tuple[str, ...]], held: Mapping[str, frozenset[str]]
    ) -> None:
        """`held` are the stacks of all environments in reality."""
        for name, place in self.places.items():
            known = held[name] - place.forgotten
            if known and name not in command.asked.environments and not known <= set(shown.get(name, ())):
                self.says(command, f"{name} is gone with {sorted(known)}, and status says {shown.get(name)}")
        if any(name in command.asked.environments for name in shown):
            self.says(command, f"{sorted(shown)} are said to be gone")

    def sees_rules(self, command: Command, standing: str, now: datetime) -> None:
        recorded = verdict.find_recorded(self.places[command.environment], command, now)
        if (recorded is not None) != (standing in ("both count", "refused")):
            self.says(command, f"its rules are said to be {standing}")

    def _said(self, command: Command, place: Place, event: events.Event, now: datetime) -> None:
        match event:
            case events.ApprovalGiven():
                self._approved(command, place, event, now)
            case RulesApproved():
                place.said.append(Said(command.person, event.gate, command.document, now, command.vouched))
            case RulesResetRequested():
                place.reset = place.reset or Reset(command.person, now)
            case RulesResetWithdrawn():
                self._goes_on(command, place)
            case events.ApprovalWithdrawn():
                mine = (command.person, command.gate, event.release)
                place.approvals = [g for g in place.approvals if (g.person, g.gate, g.release) != mine]
            case events.EnvironmentLocked() | events.EnvironmentUnlocked():
                place.locked = isinstance(event, events.EnvironmentLocked)
            case events.HoldSet():
                place.hold(event.release)
            case events.HoldLifted():
                self._lifted(command, place, event, now)
            case events.DriftChecked():
                self._drift(command, place, event)

    def _asked(self, command: Command, place: Place, now: datetime) -> tuple[Document, ...]:
        """What the tree asks, and what was recorded: by the environment itself, or by those whose account it has."""
        recorded = verdict.find_recorded(place, command, now)
        others = (recorded,) if recorded is not None else verdict.find_owners(self.places, command)
        return (command.document, *others)

    def _lifted(self, command: Command, place: Place, event: events.HoldLifted, now: datetime) -> None:
        if any(asked.rules.gates for asked in self._asked(command, place, now)):
            self.says(command, "a person lifted a hold where gates do that")
        place.held.discard(event.release)

    def _approved(self, command: Command, place: Place, event: events.ApprovalGiven, now: datetime) -> None:
        plan, answer = command.shown[-1] if command.shown else (None, "")
        seen = plan and (plan.environment, plan.release) == (event.environment, event.release)
        if plan is None or not answer or not seen or event.gate != command.gate:
            self.says(command, "an approval was recorded that nobody gave")
            return
        if command.replaced:
            self.says(command, "an approval rests on a plan of another provider than the pinned one")
        said = (command.person, command.gate, event.release, command.settings, plan, now, command.place, command.unseen)
        place.approvals.append(Given(*said, command.document, place.asked, command.vouched))

    def _goes_on(self, command: Command, place: Place) -> None:
        """Whoever asked for a reset may withdraw it, and those who may approve by what was asked before."""
        reset, asked = place.reset, place.asked
        may = asked is not None and any(
            gate != "business" or asked.rules.approvers in ("", command.vouched) for gate, _ in asked.rules.gates
        )
        if reset is None or not (may or reset.person == command.person):
            self.says(command, "a reset of rules was withdrawn by a person who may not, or there was none")
        place.reset = None

    def _drift(self, command: Command, place: Place, event: events.DriftChecked) -> None:
        if command.verb == "apply":
            # A fix found in its plan that it does not undo what was seen before.
            if not event.unplanned or not place.drifted or event.drifted <= 0:
                self.says(command, "it recorded drift that it did not look for")
            return
        if event.drifted != command.drifted or event.release != place.current or place.open is not None:
            self.says(command, f"drift of {event.drifted} was recorded, and {command.drifted} were seen")
        if command.replaced:
            self.says(command, "drift was recorded that another provider than the pinned one saw")
        place.drifted = command.drifted > 0
        if place.drifted:
            place.doubted = True
            place.proof(event.release).revoke()
