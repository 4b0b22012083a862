"""RDS: performance insights."""

from typing import Any

from envctl.adapters.sandbox.patches.patch import Patch, replace_method

_FREE_DAYS = 7


def _apply() -> None:
    from moto.rds.models import DBInstance

    stock_init, stock_update = DBInstance.__init__, DBInstance.update

    def keep(instance: Any, asked: dict[str, Any]) -> None:
        enabled = asked.get("enable_performance_insights")
        if enabled is not None:
            instance.performance_insights_enabled = enabled
        if enabled:
            before = getattr(instance, "performance_insights_retention_period", None) or _FREE_DAYS
            instance.performance_insights_retention_period = (
                asked.get("performance_insights_retention_period") or before
            )
            key = asked.get("performance_insights_kms_key_id")
            instance.performance_insights_kms_key_id = key or getattr(instance, "performance_insights_kms_key_id", None)

    def __init__(self: DBInstance, *arguments: Any, **asked: Any) -> None:  # noqa: N807
        stock_init(self, *arguments, **asked)
        keep(self, asked)

    def update(self: DBInstance, *arguments: Any, **asked: Any) -> None:
        stock_update(self, *arguments, **asked)
        keep(self, asked)

    replace_method(DBInstance, __init__)
    replace_method(DBInstance, update)


PATCH = Patch(
    name="rds-performance-insights",
    service="rds",
    gap="moto drops performance insights, so every plan switches them on again",
    apply=_apply,
)
