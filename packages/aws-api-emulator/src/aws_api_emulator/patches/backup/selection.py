"""Backup: the selections of a plan."""

import uuid
from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.backup.exceptions import ResourceNotFoundException
    from moto.backup.models import Plan
    from moto.backup.responses import BackupResponse
    from moto.core.responses import ActionResult, EmptyResult
    from moto.core.utils import unix_time

    def find_selections(response: BackupResponse) -> tuple[Plan, dict[str, dict[str, Any]], str]:
        """Return the plan in a path, its selections, and the id at the end of the path."""
        plan_id = response.path.split("/plans/")[1].split("/")[0]
        plan = response.backup_backend.get_backup_plan(plan_id, None)
        return plan, plan.__dict__.setdefault("selections", {}), response.path.rstrip("/").split("/")[-1]

    def create_backup_selection(self: BackupResponse) -> ActionResult:
        plan, selections, _ = find_selections(self)
        new = str(uuid.uuid4())
        made = {"SelectionId": new, "BackupPlanId": plan.backup_plan_id, "CreationDate": unix_time()}
        selections[new] = {**made, "BackupSelection": self._get_param("BackupSelection")}
        return ActionResult(made)

    def get_backup_selection(self: BackupResponse) -> ActionResult:
        _, selections, selection_id = find_selections(self)
        if (found := selections.get(selection_id)) is None:
            raise ResourceNotFoundException("Failed reading Backup selection")
        return ActionResult(found)

    def list_backup_selections(self: BackupResponse) -> ActionResult:
        _, selections, _ = find_selections(self)
        members = [{**kept, **kept["BackupSelection"]} for kept in selections.values()]
        return ActionResult({"BackupSelectionsList": members})

    def delete_backup_selection(self: BackupResponse) -> EmptyResult:
        _, selections, selection_id = find_selections(self)
        selections.pop(selection_id, None)
        return EmptyResult()

    replace_methods(
        BackupResponse, create_backup_selection, get_backup_selection, list_backup_selections, delete_backup_selection
    )


PATCH = Patch("backup-selection", "backup", _apply)
"""moto does not know backup selections, so a plan can back up nothing."""
