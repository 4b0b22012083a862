"""Reader of the saved plans of one command: checks the origin of each, and converts it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from envctl.adapters.terraform.launcher import Launcher, check_result
from envctl.adapters.terraform.plans import plan_origin
from envctl.adapters.terraform.plans.plan_files import PLAN_FILE, PlanFiles, inherit_plan
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.plan.changes import StackPlan
from envctl.usecases.ports.terraform import MessageRedactor


@dataclass(frozen=True)
class PlanReader:
    """Reads saved plans. `secrecy` receives their secrets."""

    plans: PlanFiles
    launcher: Launcher
    secrecy: MessageRedactor

    def check_origin(self, site: Site, name: str, request: plan_origin.PlanRequest, transcript: Transcript) -> None:
        """Raise OperationFailedError for a plan with other options. Note in the transcript whether a state exists."""
        with self.plans.open_for_reading(site, name) as file:
            saved = plan_origin.read_checked_plan(site.stack.name, file, request, refreshed=bool(transcript.refreshed))
        if saved is None:
            plan_origin.check_state_covered(site.stack.name, self.read_document(site, name), request)
        transcript.stateless = saved is None or saved.stateless

    def read_plan(self, site: Site, warnings: tuple[str, ...], *, is_last: bool = False) -> StackPlan:
        """Return the saved plan. `is_last` for a plan that is never applied: its providers end meanwhile."""
        document = self.read_document(site, PLAN_FILE, is_last=is_last)
        from envctl.adapters.terraform.diagnostics.read_errors import convert_read_errors
        from envctl.adapters.terraform.diagnostics.resource_lines import locate_resource
        from envctl.adapters.terraform.plans import completeness, drift, plan_document, planned_tags

        with convert_read_errors(site.stack.name):
            plan = plan_document.parse_plan(site.stack, document, warnings)
            completeness.check_changes_found(site.stack.name, document, seen=bool(plan.resources or plan.outputs))
            plan = replace(plan, drifted=drift.parse_drift(site.stack, document, ()).resources)
        planned_tags.check_planned_tags(site.stack.name, document, partial(locate_resource, site))
        return redact_stack_plan(plan, document)

    def read_document(self, site: Site, file: str, *, is_last: bool = False) -> dict[str, Any]:
        """Return `terraform show -json` of a saved plan, complete and without secret keys."""
        plan = self.plans.find_file(site, file)
        ended, output = self.launcher.show_plan(inherit_plan(plan, site), plan.path, _load_readers, is_last=is_last)
        from envctl.adapters.terraform.diagnostics.read_errors import convert_read_errors
        from envctl.adapters.terraform.plans import completeness, plan_document
        from envctl.adapters.terraform.plans.attributes import collect_secrets
        from envctl.adapters.terraform.plans.hidden_keys import redact_keys

        if ended.interrupted or (ended.code and _is_killed(ended)):
            check_result(ended, Transcript(), site, "plan")
        with convert_read_errors(site.stack.name, ended.errors):
            document = plan_document.parse_document(output)
            completeness.check_completeness(site.stack.name, document, site.stack.plan_keys)
            plan_origin.check_added_flags(site.stack.name, document)
        secrets = collect_secrets(site.stack.name, document)
        document = redact_keys(document, secrets)
        self.secrecy.add_secrets(secrets.texts, (site.environment, site.stack.name))
        return document


def _is_killed(ended: ProcessResult) -> bool:
    from envctl.adapters.terraform.diagnostics.killed_process import describe_victim

    return bool(describe_victim(ended, Transcript()))


def _load_readers() -> None:
    from envctl.adapters.terraform.diagnostics import read_errors, resource_lines  # noqa: F401
    from envctl.adapters.terraform.plans import (  # noqa: F401
        completeness,
        drift,
        hidden_keys,
        plan_document,
        planned_tags,
        redaction,
    )


def redact_stack_plan(plan: StackPlan, *documents: Mapping[str, Any]) -> StackPlan:
    if not plan.changes and not plan.drifted:
        return plan
    from envctl.adapters.terraform.plans.attributes import collect_secrets
    from envctl.adapters.terraform.plans.redaction import redact_plan

    return redact_plan(plan, collect_secrets(plan.stack, *documents))
