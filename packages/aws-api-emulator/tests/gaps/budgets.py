"""Budgets."""

from tests.gaps import Client, Probe, fails

_ACCOUNT = "123456789012"
_BUDGET = {
    "BudgetName": "month",
    "BudgetLimit": {"Amount": "10", "Unit": "USD"},
    "TimeUnit": "MONTHLY",
    "BudgetType": "COST",
}


def subscribers(client: Client) -> bool:
    budgets, told = client("budgets"), [{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}]
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    budgets.create_budget(AccountId=_ACCOUNT, Budget={**_BUDGET, "BudgetName": "telling"})
    call = {"AccountId": _ACCOUNT, "BudgetName": "telling", "Notification": notification}
    budgets.create_notification(**call, Subscribers=told)
    if fails(lambda: budgets.describe_subscribers_for_notification(**call)):
        return True
    return bool(budgets.describe_subscribers_for_notification(**call)["Subscribers"] != told)


def changed_budget(client: Client) -> bool:
    budgets, limit = client("budgets"), {"Amount": "20", "Unit": "USD"}
    budgets.create_budget(AccountId=_ACCOUNT, Budget=_BUDGET)
    if fails(lambda: budgets.update_budget(AccountId=_ACCOUNT, NewBudget={**_BUDGET, "BudgetLimit": limit})):
        return True
    found = budgets.describe_budget(AccountId=_ACCOUNT, BudgetName="month")["Budget"]
    return bool(found["BudgetLimit"] != limit)


PROBES: dict[str, Probe] = {"budgets-subscribers": subscribers, "budgets-update": changed_budget}
