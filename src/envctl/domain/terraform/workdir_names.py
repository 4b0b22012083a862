"""Names of files and folders in an environment's working directory, with one folder for each stack.

Terraform runs a rendered root module in the folder of its stack. For a root module that runs as it is, the folder of
the stack is a tree with the layout of the project, and Terraform runs in the folder of the root in that tree.
"""

from posixpath import normpath

CODE_FOLDER = ".code"
"""The folder of the release's files, beside the folders of the stacks."""
ROOT_MODULE_FILE = "main.tf.json"
"""The root module of a stack."""
LOCK_FILE = ".terraform.lock.hcl"
"""Terraform's dependency lock file: in the folder of a stack, in a release, and in the project root."""
REMOTE_MODULES_FOLDER = ".remote"
"""The folder of a release for modules from remote sources, beside the modules of the project."""
FORECAST_PREFIX = ".forecast-"
"""Beginning of the folder for the forecast of a stack, beside the folders of the stacks."""
LEAVING_FOLDER = ".left"
"""The folder in the code folder for the releases of leaving stacks."""
INSTALLED_MODULES_FOLDER = ".terraform/modules"
"""The folder where Terraform installs remote modules, in the folder of a stack: each in the folder of its key."""
MODULES_MANIFEST = f"{INSTALLED_MODULES_FOLDER}/modules.json"
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
USUAL_SESSION = "envctl"
"""The session name in rendered files: the same bytes for all users. The real one is passed when Terraform starts."""
PLAN_FILES = ("plan.tfplan", "both.tfplan", "drift.tfplan", "pending.tfplan")
"""Plan files on disk, if memory is no option: the one to apply, and those for comparison."""
INIT_STAMP = ".initialised"
"""envctl's record of the last `terraform init`, in the folder where Terraform runs."""
PLUGIN_VIEW_FOLDER = ".plugins"
"""The stack's view of the plugin cache, in the folder where Terraform runs."""
RESERVE_FILE = ".reserve"
"""Disk space for the state of an apply, in the folder where Terraform runs."""
RUNNING_FILE = ".running"
"""The lock of a stack, in its folder. It has one place: a root in another folder still finds a Terraform at work."""
TREE_RECORD = ".tree"
"""envctl's record of the tree of a root module that runs as it is, in the folder of the stack. That may be the root
itself: a set of files such as `*.json` must not find the record.
"""
OLD_TREE_RECORD = ".tree.json"
"""The record of an earlier envctl. It leads to the state that a killed command of that envctl left."""
STATE_FILE = "terraform.tfstate"
"""A local state of Terraform without a backend. In the folder of a root it is a leftover of the time before envctl."""
MADE_NAMES = frozenset(
    (".terraform", LOCK_FILE, UNSAVED_STATE, MOVING_STATE, *PLAN_FILES, INIT_STAMP, PLUGIN_VIEW_FOLDER, RESERVE_FILE)
)
"""What Terraform and envctl make in the folder where Terraform runs. No file of a release has such a name there."""
OVERRIDE_FILE = "zzz_envctl_override.tf"
"""Beside a root that runs as it is: backend and providers of the environment."""
JSON_OVERRIDE_FILE = "zzz_envctl_override.tf.json"
"""Beside a root that runs as it is: what of the override HCL can't say. Most stacks have none."""
DECLARATIONS_FILE = "zzz_envctl.tf"
"""Beside a root that runs as it is: the variables of envctl."""
SETTINGS_FILE = "zzz_envctl.auto.tfvars"
"""Beside a root that runs as it is: its settings."""
ADDED_NAMES = (
    OVERRIDE_FILE,
    DECLARATIONS_FILE,
    SETTINGS_FILE,
    JSON_OVERRIDE_FILE,
    INIT_STAMP,
    RESERVE_FILE,
    *PLAN_FILES,
    RUNNING_FILE,
    TREE_RECORD,
)
"""Files that envctl may write beside a root. Plain Terraform has none of them."""
GENERATED_FILES = (OVERRIDE_FILE, JSON_OVERRIDE_FILE, DECLARATIONS_FILE, SETTINGS_FILE)
WORKLOAD_ROOT = "."
"""The root of the tree of a stack of Kubernetes objects: the whole tree is its code."""


def join_workdir(environment: str, stack: str, root: str = "") -> str:
    """Return the folder where Terraform runs, below the folder of all environments. `root` is as in PreparedStack."""
    return normpath(f"{environment}/{stack}/{root}") if root else f"{environment}/{stack}"


def count_levels(root: str) -> int:
    """Return how many levels below the folder of its stack a root module runs."""
    return 0 if root in ("", ".") else normpath(root).count("/") + 1


def climb_to_stack(root: str) -> str:
    """Return the path from the folder where Terraform runs to the folder of the stack: empty, or ending with `/`."""
    return "../" * count_levels(root)
