"""Reader of the saved plans of one command: checks the origin of each, and converts it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from envctl.adapters.terraform.diagnostics import killed_process
from envctl.adapters.terraform.diagnostics.failures import convert_read_errors
from envctl.adapters.terraform.launcher import Launcher, check_result
from envctl.adapters.terraform.plans import plan_origin
from envctl.adapters.terraform.plans.plan_files import PLAN_FILE, PlanFiles, inherit_plan
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.plan.changes import StackPlan
from envctl.usecases.ports.terraform import MessageRedactor


class PlanReader:
    """Reads saved plans. `secrecy` receives their secrets."""

    def __init__(self, plans: PlanFiles, launcher: Launcher, secrecy: MessageRedactor) -> None:
        self._plans = plans
        self._launcher = launcher
        self._secrecy = secrecy

    def check_origin(self, site: Site, name: str, request: plan_origin.PlanRequest, transcript: Transcript) -> None:
        """Raise OperationFailedError for a plan with other options. Note in the transcript whether a state exists."""
        with self._plans.open_for_reading(site, name) as file:
            saved = plan_origin.read_checked_plan(site.stack.name, file, request, refreshed=bool(transcript.refreshed))
        if saved is None:
            plan_origin.check_state_covered(site.stack.name, self.read_document(site, name), request)
        transcript.stateless = saved is None or saved.stateless

    def read_plan(self, site: Site, warnings: tuple[str, ...]) -> StackPlan:
        """Return the plan to be applied."""
        from envctl.adapters.terraform.plans import completeness, drift, plan_document

        document = self.read_document(site, PLAN_FILE)
        with convert_read_errors(site.stack.name):
            plan = plan_document.parse_plan(site.stack.name, document, warnings)
            completeness.check_changes_found(site.stack.name, document, seen=bool(plan.resources or plan.outputs))
            plan = replace(plan, drifted=drift.parse_drift(site.stack.name, document, ()).resources)
        return redact_stack_plan(plan, document)

    def read_document(self, site: Site, file: str) -> dict[str, Any]:
        """Return `terraform show -json` of a saved plan, complete and without secret keys."""
        from envctl.adapters.terraform.plans import completeness
        from envctl.adapters.terraform.plans import json_documents as documents
        from envctl.adapters.terraform.plans.hidden_keys import extract_secrets

        plan = self._plans.find_file(site, file)
        ended, output = self._launcher.capture_command(inherit_plan(plan, site), "show", plan.path, json=True)
        if ended.interrupted or killed_process.describe_victim(ended, Transcript()):
            check_result(ended, Transcript(), site, "plan")
        with convert_read_errors(site.stack.name, ended.errors):
            document = documents.parse_document(output)
            completeness.check_completeness(site.stack.name, document, site.stack.plan_keys)
            plan_origin.check_added_flags(site.stack.name, document)
        document, secrets = extract_secrets(document, site.stack.name)
        self._secrecy.add_secrets(secrets, (site.environment, site.stack.name))
        return document


def redact_stack_plan(plan: StackPlan, *documents: Mapping[str, Any]) -> StackPlan:
    """Redact the secrets of all documents in the plan."""
    if not plan.changes and not plan.drifted:
        return plan
    from envctl.adapters.terraform.plans.redaction import redact_document_secrets

    return redact_document_secrets(plan, documents)
