"""RDS: promotion and deletion of a read replica."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.rds.models import DBInstance, RDSBackend

    stock = RDSBackend.promote_read_replica

    def remove_replica(self: DBInstance, replica: DBInstance) -> None:
        """Remove a replica by its name or ARN: `add_replica` stores the ARN of one in another region."""
        names = {replica.db_instance_identifier, replica.db_instance_arn}
        self.replicas[:] = [kept for kept in self.replicas if kept not in names]

    def promote_read_replica(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
        replica = self.databases[db_kwargs["db_instance_identifier"]]
        if replica.is_replica and replica.source_db_instance_identifier:
            self.find_db_from_id(replica.source_db_instance_identifier).remove_replica(replica)
            replica.source_db_instance_identifier = None
        return stock(self, db_kwargs)

    replace_methods(DBInstance, remove_replica)
    replace_methods(RDSBackend, promote_read_replica)


PATCH = Patch("rds-replica-end", "rds", _apply)
"""moto cannot delete a read replica of another region, and a promoted one still names its source."""
