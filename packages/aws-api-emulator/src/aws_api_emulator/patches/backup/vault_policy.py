"""Backup: the access policy of a vault."""

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.backup import urls
    from moto.backup.exceptions import ResourceNotFoundException
    from moto.backup.models import Vault
    from moto.backup.responses import BackupResponse
    from moto.core.responses import ActionResult, EmptyResult

    def find_vault(response: BackupResponse) -> Vault:
        return response.backup_backend.describe_backup_vault(response.path.split("/")[-2])

    def put_backup_vault_access_policy(self: BackupResponse) -> EmptyResult:
        find_vault(self).__dict__["policy"] = self._get_param("Policy")
        return EmptyResult()

    def get_backup_vault_access_policy(self: BackupResponse) -> ActionResult:
        vault = find_vault(self)
        policy = vault.__dict__.get("policy")
        if policy is None:
            raise ResourceNotFoundException(f"Backup vault {vault.backup_vault_name} has no policy")
        known = {"BackupVaultName": vault.backup_vault_name, "BackupVaultArn": vault.backup_vault_arn}
        return ActionResult({**known, "Policy": policy})

    def delete_backup_vault_access_policy(self: BackupResponse) -> EmptyResult:
        find_vault(self).__dict__.pop("policy", None)
        return EmptyResult()

    replace_methods(
        BackupResponse,
        put_backup_vault_access_policy,
        get_backup_vault_access_policy,
        delete_backup_vault_access_policy,
    )
    urls.url_paths["{0}/backup-vaults/(?P<name>[^/]+)/access-policy$"] = BackupResponse.dispatch


PATCH = Patch("backup-vault-policy", "backup", _apply)
"""moto does not know the access policy of a backup vault, so nothing can keep backups from being deleted."""
