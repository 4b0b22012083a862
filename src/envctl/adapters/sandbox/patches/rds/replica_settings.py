"""RDS: what a read replica does not take over from its source."""

from typing import Any

from envctl.adapters.sandbox.patches.patch import Patch, replace_method

_OWN = {
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
        # Its own region comes first: what is named after it, such as subnets, is looked for there.
        own = {"backend": self, "tags": [], "enabled_cloudwatch_logs_exports": logs, **_OWN}
        if str(db_kwargs["source_db_instance_identifier"]).startswith("arn:"):
            # From another region, where the groups of this one are not known.
            own["db_parameter_group_name"] = ""
        return stock(self, {**own, **given})

    replace_method(RDSBackend, create_db_instance_read_replica)


PATCH = Patch(
    name="rds-replica-settings",
    service="rds",
    gap="moto gives a read replica tags, backups, standby and parameters of its source, and subnets of its region",
    apply=_apply,
)
