"""Backup: plans with the name of a deleted plan."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.backup.models import BackupBackend, Plan

    stock = BackupBackend.create_backup_plan

    def create_backup_plan(
        self: BackupBackend, backup_plan: dict[str, Any], backup_plan_tags: dict[str, str], creator_request_id: str
    ) -> Plan:
        every = self.plans
        self.plans = {name: plan for name, plan in every.items() if plan.deletion_date is None}
        try:
            plan: Plan = stock(self, backup_plan, backup_plan_tags, creator_request_id)
        finally:
            self.plans = every | self.plans
        return plan

    replace_methods(BackupBackend, create_backup_plan)


PATCH = Patch("backup-plan-again", "backup", _apply)
"""moto takes a deleted plan for one that is there, so an environment that was destroyed can't be built again."""
