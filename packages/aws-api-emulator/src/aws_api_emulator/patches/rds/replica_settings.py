"""RDS: settings not inherited by a read replica."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods

_REPLICA_DEFAULTS = {
    "backup_retention_period": 0,
    "deletion_protection": False,
    "enable_performance_insights": False,
    "multi_az": False,
}


def _apply() -> None:
    from moto.rds.models import DBInstance, RDSBackend

    stock = RDSBackend.create_db_instance_read_replica

    def create_db_instance_read_replica(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
        logs = list(db_kwargs.get("enable_cloudwatch_logs_exports") or [])
        given = {key: value for key, value in db_kwargs.items() if value is not None}
        # The backend of its own region comes first: later settings, such as subnets, are looked up there.
        own = {"backend": self, "tags": [], "enabled_cloudwatch_logs_exports": logs, **_REPLICA_DEFAULTS}
        if str(db_kwargs["source_db_instance_identifier"]).startswith("arn:"):
            # The source is in another region: its groups are unknown here.
            own["db_parameter_group_name"] = ""
        return stock(self, {**own, **given})

    replace_methods(RDSBackend, create_db_instance_read_replica)


PATCH = Patch("rds-replica-settings", "rds", _apply)
"""moto gives a read replica tags, backups, standby and parameters of its source, and subnets of its region."""
