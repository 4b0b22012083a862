"""Names of files and folders in an environment's working directory, with one folder for each stack."""

CODE_FOLDER = ".code"
"""The folder of the release's files, beside the folders of the stacks."""

ROOT_MODULE_FILE = "main.tf.json"
"""The root module of a stack."""

LOCK_FILE = ".terraform.lock.hcl"
"""Terraform's dependency lock file: in the folder of a stack, in a release, and in the project root."""

REMOTE_MODULES_FOLDER = ".remote"
"""The folder of a release for modules from remote sources, beside the modules of the project."""

LEAVING_FOLDER = ".left"
"""The folder in the code folder for the releases of leaving stacks."""

MODULES_MANIFEST = ".terraform/modules/modules.json"
"""Terraform's record of installed modules, in the folder of a stack."""

BACKEND_RECORD = ".terraform/terraform.tfstate"
"""Terraform's record of the backend, in the folder of a stack: it counts, not the root module."""

UNSAVED_STATE = "errored.tfstate"
"""A state Terraform failed to save after an apply, in the folder of a stack: it has to be pushed."""

MOVING_STATE = "moving.tfstate"
"""A state on its way to another stack, until Terraform has taken it in."""

EXCLUDED_PARTS = frozenset({".terraform", LOCK_FILE, "tests", ".git", REMOTE_MODULES_FOLDER})
"""Path parts left out of releases: they do not affect the deployment."""

SESSION_VARIABLE = "envctl_session"
"""The variable of the root module for the session name, recorded by AWS for each request."""
PLAN_FILES = ("plan.tfplan", "both.tfplan", "drift.tfplan", "pending.tfplan")
"""Plan files on disk, if memory is no option: the one to apply, and those for comparison."""
