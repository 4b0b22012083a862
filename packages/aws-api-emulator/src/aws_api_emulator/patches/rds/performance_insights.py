"""RDS: settings of performance insights."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods

# The default retention of AWS, free of charge.
_FREE_DAYS = 7


def _apply() -> None:
    from moto.rds.models import DBInstance, RDSBackend

    stock_create, stock_update = RDSBackend.create_db_instance, DBInstance.update

    def save_settings(instance: DBInstance, asked: dict[str, Any]) -> None:
        names = ("performance_insights_kms_key_id", "performance_insights_retention_period")
        given = {name: asked[name] for name in names if asked.get(name) is not None}
        enabled = asked.get("enable_performance_insights")
        if enabled is not None:
            given["performance_insights_enabled"] = enabled
        if enabled and not hasattr(instance, names[1]):
            given.setdefault(names[1], _FREE_DAYS)
        vars(instance).update(given)

    def create_db_instance(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
        instance = stock_create(self, db_kwargs)
        save_settings(instance, db_kwargs)
        return instance

    def update(self: DBInstance, **db_kwargs: Any) -> None:  # noqa: ANN401 (as in moto)
        stock_update(self, **db_kwargs)
        save_settings(self, db_kwargs)

    replace_methods(RDSBackend, create_db_instance)
    replace_methods(DBInstance, update)


PATCH = Patch("rds-performance-insights", "rds", _apply)
"""moto drops performance insights, so every plan switches them on again."""
