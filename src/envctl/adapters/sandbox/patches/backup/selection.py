"""Backup: the selections of a plan."""

import uuid
from typing import Any

from envctl.adapters.sandbox.patches.patch import Patch, replace_method


def _apply() -> None:
    from moto.backup.exceptions import ResourceNotFoundException
    from moto.backup.models import Plan
    from moto.backup.responses import BackupResponse
    from moto.core.responses import ActionResult, EmptyResult
    from moto.core.utils import unix_time

    def find_plan(response: BackupResponse) -> Plan:
        plan_id = response.path.split("/plans/")[1].split("/")[0]
        return response.backup_backend.get_backup_plan(plan_id, None)

    def find_selections(plan: Plan) -> dict[str, dict[str, Any]]:
        kept: dict[str, dict[str, Any]] = plan.__dict__.setdefault("selections", {})
        return kept

    def parse_selection_id(response: BackupResponse) -> str:
        return response.path.rstrip("/").split("/")[-1]

    def create_backup_selection(self: BackupResponse) -> ActionResult:
        plan = find_plan(self)
        new = str(uuid.uuid4())
        made = {"SelectionId": new, "BackupPlanId": plan.backup_plan_id, "CreationDate": unix_time()}
        find_selections(plan)[new] = {**made, "BackupSelection": self._get_param("BackupSelection")}
        return ActionResult(made)

    def get_backup_selection(self: BackupResponse) -> ActionResult:
        found = find_selections(find_plan(self)).get(parse_selection_id(self))
        if found is None:
            raise ResourceNotFoundException("Failed reading Backup selection")
        return ActionResult(found)

    def list_backup_selections(self: BackupResponse) -> ActionResult:
        members = [{**kept, **kept["BackupSelection"]} for kept in find_selections(find_plan(self)).values()]
        return ActionResult({"BackupSelectionsList": members})

    def delete_backup_selection(self: BackupResponse) -> EmptyResult:
        find_selections(find_plan(self)).pop(parse_selection_id(self), None)
        return EmptyResult()

    for method in (
        create_backup_selection,
        get_backup_selection,
        list_backup_selections,
        delete_backup_selection,
    ):
        replace_method(BackupResponse, method)


PATCH = Patch(
    name="backup-selection",
    service="backup",
    gap="moto does not know backup selections, so a plan can back up nothing",
    apply=_apply,
)
