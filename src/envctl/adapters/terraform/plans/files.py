"""Plan files, in the working directory of a stack."""

PLAN = "plan.tfplan"
# Those of a look have names of their own: no apply shall find them.
BOTH, DRIFT, PENDING = OF_A_LOOK = ("both.tfplan", "drift.tfplan", "pending.tfplan")
