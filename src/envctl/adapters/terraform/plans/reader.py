"""Reads the saved plans of one command: whether each was made as it was asked for, and what it means."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from envctl.adapters.terraform.diagnostics import killed_process
from envctl.adapters.terraform.diagnostics.failures import unreadable
from envctl.adapters.terraform.launcher import Launcher, check
from envctl.adapters.terraform.plans import plan_origin
from envctl.adapters.terraform.plans.plan_files import PLAN, PlanFiles, inheriting
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.plan.changes import StackPlan
from envctl.usecases.ports.terraform import Secrecy


class PlanReader:
    """`secrecy` is told the secrets that a plan holds."""

    def __init__(self, plans: PlanFiles, launcher: Launcher, secrecy: Secrecy) -> None:
        self._plans = plans
        self._launcher = launcher
        self._secrecy = secrecy

    def check_made(self, site: Site, name: str, asked: plan_origin.Asked, transcript: Transcript) -> None:
        """Raises OperationFailedError where the plan was made otherwise. Has the transcript say whether there was no
        state.
        """
        with self._plans.reader(site, name) as file:
            saved = plan_origin.check_file(site.stack.name, file, asked, refreshed=bool(transcript.refreshed))
        if saved is None:
            plan_origin.check_covered(site.stack.name, self.document(site, name), asked)
        transcript.stateless = saved is None or saved.stateless

    def meaning(self, site: Site, warnings: tuple[str, ...]) -> StackPlan:
        """Of the plan that is to be applied."""
        from envctl.adapters.terraform.plans import completeness, drift, plan_document

        document = self.document(site, PLAN)
        with unreadable(site.stack.name):
            plan = plan_document.meaning(site.stack.name, document, warnings)
            completeness.check_seen(site.stack.name, document, seen=bool(plan.resources or plan.outputs))
            plan = replace(plan, drifted=drift.drift(site.stack.name, document, ()).resources)
        return redacted(plan, document)

    def document(self, site: Site, file: str) -> dict[str, Any]:
        """A saved plan as `terraform show -json` tells it, where it is whole and holds nothing unknown."""
        from envctl.adapters.terraform.plans import completeness
        from envctl.adapters.terraform.plans import json_documents as documents
        from envctl.adapters.terraform.plans.hidden_keys import take_secrets

        plan = self._plans.get(site, file)
        ended, said = self._launcher.ask(inheriting(plan, site), "show", plan.path, json=True)
        if ended.interrupted or killed_process.victim(ended, Transcript()):
            check(ended, Transcript(), site, "plan")
        with unreadable(site.stack.name, ended.errors):
            document = documents.parse(said)
            completeness.check_form(site.stack.name, document, site.stack.plan_keys)
            plan_origin.check_requested(site.stack.name, document)
        document, secrets = take_secrets(document, site.stack.name)
        self._secrecy.learn(secrets, (site.environment, site.stack.name))
        return document


def redacted(plan: StackPlan, *documents: Mapping[str, Any]) -> StackPlan:
    """Without what is a secret in any of these."""
    if not plan.changes and not plan.drifted:
        return plan
    from envctl.adapters.terraform.plans.redaction import redact_by

    return redact_by(plan, documents)
