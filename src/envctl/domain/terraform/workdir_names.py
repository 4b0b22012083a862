"""The names of what lies in an environment's working directory: stacks beside the release's code."""

CODE = ".code"
"""The folder of the release's files, beside the folders of the stacks."""

MAIN = "main.tf.json"
"""The root module of a stack."""

LOCK_FILE = ".terraform.lock.hcl"
"""Terraform's dependency lock file, in a stack's folder as in a release and at the top of a project."""

REMOTE = ".remote"
"""The folder in a release, beside the modules of the project, of the code that they call by an address."""

LEFT = ".left"
"""The folder in the environment's code of the releases that made stacks which are leaving."""

MANIFEST = ".terraform/modules/modules.json"
"""Terraform's record of the modules that are installed, in a stack's folder."""

BACKEND_RECORD = ".terraform/terraform.tfstate"
"""Terraform's record of where the state is, in a stack's folder: what it says counts, and not the root module."""

UNSAVED = "errored.tfstate"
"""Terraform's name for a state that an apply could not save, in a stack's folder: it has to be put in its place."""

MOVING = "moving.tfstate"
"""A state on its way to another stack, for as long as Terraform takes it in."""

LEFT_OUT = frozenset({".terraform", LOCK_FILE, "tests", ".git", REMOTE})
"""Parts of a path that never travel in a release: they say nothing about what is deployed."""

SESSION = "envctl_session"
"""The root module's variable for the name of the session: its value stands in AWS's records of what was done."""
PLAN_FILES = ("plan.tfplan", "both.tfplan", "drift.tfplan", "pending.tfplan")
"""Saved plans, where they can't lie in memory: the one to apply, and those that only a look is taken at."""
