"""Backup: the update of a plan."""

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.backup.models import Plan
    from moto.backup.responses import BackupResponse
    from moto.core.responses import ActionResult

    def update_backup_plan(self: BackupResponse) -> ActionResult:
        plan = self.backup_backend.get_backup_plan(self.path.rstrip("/").split("/")[-1], None)
        new = Plan(self._get_param("BackupPlan"), plan.creator_request_id, self.backup_backend)
        plan.backup_plan, plan.version_id = new.backup_plan, new.version_id
        plan.advanced_backup_settings = new.advanced_backup_settings
        return ActionResult(plan.to_dict())

    replace_methods(BackupResponse, update_backup_plan)


PATCH = Patch("backup-plan-update", "backup", _apply)
"""moto does not know UpdateBackupPlan, so a backup plan can never change."""
