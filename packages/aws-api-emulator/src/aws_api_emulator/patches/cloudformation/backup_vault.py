"""CloudFormation: backup vaults and their locks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_api_emulator.patches.patch import Patch, add_stack_resource

if TYPE_CHECKING:
    from moto.backup.models import BackupBackend, Vault


def _apply() -> None:
    from moto.backup import models
    from moto.core.common_models import CloudFormationModel

    @dataclass(eq=False)
    class BackupVault(CloudFormationModel):
        """A vault as a resource of a stack. The vault itself belongs to the backend of Backup."""

        vault: "Vault"
        physical_resource_id: str

        @staticmethod
        def cloudformation_name_type() -> str:
            return "BackupVaultName"

        @staticmethod
        def cloudformation_type() -> str:
            return "AWS::Backup::BackupVault"

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return attr in ("BackupVaultArn", "BackupVaultName")

        def get_cfn_attribute(self, attribute_name: str) -> str:
            known = {"BackupVaultArn": self.vault.backup_vault_arn, "BackupVaultName": self.physical_resource_id}
            return known[attribute_name]

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: object
        ) -> "BackupVault":
            wanted = cloudformation_json["Properties"]
            backend = models.backup_backends[account_id][region_name]
            tags = wanted.get("BackupVaultTags", {})
            vault = backend.create_backup_vault(resource_name, tags, wanted.get("EncryptionKeyArn"), "")
            _set_lock(backend, resource_name, wanted.get("LockConfiguration"))
            return cls(vault, resource_name)

        @classmethod
        def update_from_cloudformation_json(
            cls,
            original_resource: "BackupVault",
            new_resource_name: str,  # noqa: ARG003 (another name is another resource of the template)
            cloudformation_json: dict[str, Any],
            account_id: str,
            region_name: str,
        ) -> "BackupVault":
            lock = cloudformation_json["Properties"].get("LockConfiguration")
            backend = models.backup_backends[account_id][region_name]
            _set_lock(backend, original_resource.physical_resource_id, lock)
            return original_resource

        @classmethod
        def delete_from_cloudformation_json(
            cls,
            resource_name: str,
            cloudformation_json: dict[str, Any],  # noqa: ARG003 (moto passes it by position)
            account_id: str,
            region_name: str,
        ) -> None:
            models.backup_backends[account_id][region_name].delete_backup_vault(resource_name)

    add_stack_resource(models, BackupVault)


def _set_lock(backend: "BackupBackend", name: str, lock: dict[str, Any] | None) -> None:
    if lock is None:
        backend.delete_backup_vault_lock_configuration(name)
        return
    least, most, changeable = (lock.get(key) for key in ("MinRetentionDays", "MaxRetentionDays", "ChangeableForDays"))
    backend.put_backup_vault_lock_configuration(name, least, most, changeable)


PATCH = Patch("cloudformation-backup-vault", "cloudformation", _apply)
"""moto's CloudFormation does not know backup vaults, so no vault can be locked with provider 3.39."""
