"""Preview of a release in each environment, shown as plans of many environments."""

from envctl.cli.render.console.plan.many_plans import show_plans as show_preview

__all__ = ["show_preview"]
