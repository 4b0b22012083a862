"""Budgets: subscribers of a notification."""

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.budgets.responses import BudgetsResponse
    from moto.core.responses import ActionResult

    def describe_subscribers_for_notification(self: BudgetsResponse) -> ActionResult:
        account, name, wanted = (self._get_param(key) for key in ("AccountId", "BudgetName", "Notification"))
        self.backend.describe_budget(account, name)  # raises if it does not exist
        notifications = self.backend.budgets[account][name].notifications
        found = [notification.subscribers for notification in notifications if notification.details == wanted]
        return ActionResult({"Subscribers": found[0] if found else []})

    replace_methods(BudgetsResponse, describe_subscribers_for_notification)


PATCH = Patch("budgets-subscribers", "budgets", _apply)
"""moto does not know DescribeSubscribersForNotification, so a budget that tells somebody cannot be created."""
