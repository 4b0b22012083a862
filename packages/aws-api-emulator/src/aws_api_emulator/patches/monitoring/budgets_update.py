"""Budgets: the update of a budget."""

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.budgets.responses import BudgetsResponse
    from moto.core.responses import EmptyResult

    def update_budget(self: BudgetsResponse) -> EmptyResult:
        account, new = self._get_param("AccountId"), self._get_param("NewBudget")
        self.backend.describe_budget(account, new["BudgetName"])  # raises if it does not exist
        self.backend.budgets[account][new["BudgetName"]].budget.update(new)
        return EmptyResult()

    replace_methods(BudgetsResponse, update_budget)


PATCH = Patch("budgets-update", "budgets", _apply)
"""moto does not know UpdateBudget, so the limit of a budget can never change."""
