"""Templates and folders of new projects, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.adapters.local.templates import PackagedTemplates
from envctl.domain.release.bundle import File
from envctl.usecases.ports.core import AlreadyExistsError

PROJECT = """
[project]
name = "shop"

[pipeline]
order = ["dev", "prod"]

[environments.dev]
account_id = "111111111111"
region = "ap-northeast-1"

[environments.prod]
account_id = "333333333333"
region = "ap-northeast-1"

[environments.prod-account]
pipeline = false
account_id = "333333333333"
region = "ap-northeast-1"

[stacks.web]
module = "modules/web"

[stacks.roles]
module = "modules/roles"
environments = ["prod-account"]
"""
BACKUPS = """
[environments.dev.regions]
recovery = "ap-northeast-3"
"""
SETTINGS = """
# The shop: workshop, shop-web, shop_web, "shop/db" of 111111111111 and 1111111111112,
# in ap-northeast-1 (ap-northeast-1a).
"""
CALLS = """
module "base" {
  source = "../base"
}
module "inner" {
  source = "./inner"
}
module "far" {
  source = "hashicorp/consul/aws"
}
"""


@dataclass
class MemoryTemplates:
    """Templates of a small project; `platform` has a recovery region."""

    # The shipped modules.
    modules: dict[str, str] = field(
        default_factory=lambda: {
            "modules/web/main.tf": CALLS,
            "modules/web/inner/main.tf": "# shop",
            "modules/web/tests/web.tftest.hcl": "# shop",
            "modules/base/main.tf": 'module "web" {\n  source = "../web"\n}\n',
            "modules/roles/main.tf": "",
            "modules/unused/main.tf": "",
            "app/main.ts": "shop",
        }
    )

    def load_template(self, template: str) -> Mapping[str, File]:
        project = PROJECT + (BACKUPS if template == "platform" else "")
        return {
            "envctl.toml": File(project.encode()),
            "environments/dev/terraform.tfvars": File(SETTINGS.encode()),
            "logo.png": File(b"\xff\xfe shop", executable=True),
        }

    def load_shipped(self, folder: str) -> Mapping[str, File]:
        return {path: File(text.encode()) for path, text in self.modules.items() if path.startswith(f"{folder}/")}

    def load_workflows(self, system: str) -> Mapping[str, str]:
        return PackagedTemplates().load_workflows(system)

    def load_locks(self) -> Mapping[str, str]:
        return PackagedTemplates().load_locks()


@dataclass
class MemoryProjectFolder:
    """New projects by name."""

    laid: dict[str, Mapping[str, File]] = field(default_factory=dict)
    taken: str = ""  # a path that appears during the creation

    def path_for(self, name: str) -> str:
        return f"my projects/{name}"

    def explain_occupied(self, name: str) -> str:
        return f"the folder {name} is not empty" if name in self.laid else ""

    def create(self, name: str, files: Mapping[str, File]) -> None:
        if self.taken:
            raise AlreadyExistsError(self.taken)
        self.laid[name] = files
