"""Settings and outputs, with a secret planted that must be seen nowhere, and root modules."""

from dataclasses import replace

from envctl.domain.errors import Location
from envctl.domain.plan.changes import Marker
from envctl.domain.settings.settings import EnvironmentSettings, Setting
from envctl.usecases.inspect.eject import EjectedEnvironment, EjectedProject, EjectedStack
from envctl.usecases.inspect.outputs import EnvironmentOutputs, StackOutputs
from envctl.usecases.inspect.render import RenderedRoots
from envctl.usecases.inspect.settings import ValidationResult
from envctl.usecases.project.fmt import FormatResult, FormattedFile
from tests.cli.render.samples.basics import NEW, OLD, SECRET

SETTINGS = EnvironmentSettings(
    "prod",
    (
        Setting(
            "availability_zones",
            ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"],
            Location("environments/common.tfvars", 2),
            "file",
            sensitive=False,
            stacks=("network",),
        ),
        Setting(
            "vpc_cidr",
            "10.30.0.0/16",
            Location("environments/prod/terraform.tfvars", 1),
            "file",
            sensitive=False,
            stacks=("network", "web"),
        ),
        Setting(
            "api_key",
            SECRET,
            Location("environments/prod/terraform.tfvars", 9),
            "file",
            sensitive=True,
            stacks=("web",),
        ),
        Setting("environment", "prod", None, "envctl", sensitive=False, stacks=("network", "web")),
        Setting(
            "monitoring",
            True,
            Location("modules/ec2_instance/variables.tf", 40),
            "default",
            sensitive=False,
            stacks=("web",),
        ),
        Setting("image", "shop/app@sha256:" + "ab" * 32, None, "artifact", sensitive=False, stacks=("web",)),
        Setting(
            "ingress",
            {"https": {"port": 443, "説明": "全世界"}},
            Location("environments/prod/terraform.tfvars", 3),
            "file",
            sensitive=False,
            stacks=("web",),
        ),
    ),
    {"web": {"api_key": SECRET, "monitoring": True}},
)
RENDERED = RenderedRoots(
    "dev",
    {
        "dev/network/main.tf.json": '{\n  "module": {\n    "network": {\n      "cidr": "10.10.0.0/16"\n    }\n  }\n}\n',
        "dev/web/main.tf.json": '{\n  "module": {}\n}\n',
    },
)
FORMATTED = FormatResult(
    (FormattedFile("environments/prod/terraform.tfvars", 7), FormattedFile("modules/ec2_instance/main.tf", 12)), 81
)
UNSAID = (
    "envctl.toml:12: staging has no approvals setting, so the defaults apply (peer, business, quality); if"
    " it needs none, write [environments.staging.gates] approvals = {}"
)
EJECTED = EjectedProject(
    "done",
    "../plain",
    (
        EjectedEnvironment(
            "dev", NEW, (EjectedStack("network", "dev/network", ()), EjectedStack("web", "dev/web", ()))
        ),
        EjectedEnvironment("prod", OLD, (EjectedStack("web", "prod/web", ("db_password",)),)),
    ),
    ("README.md", "code/modules/web/main.tf", "dev/web/main.tf"),
    ("staging",),
)
FILES: dict[str, object] = {
    "ejected root modules": EJECTED,
    "root modules that would be ejected": replace(EJECTED, mode="planned", empty=()),
    "root modules ejected from the working tree": replace(
        EJECTED, environments=(replace(EJECTED.environments[0], release=""),), empty=()
    ),
    "a valid project with files that nobody reads": ValidationResult(
        ("dev", "staging", "prod"), ("network", "web"), 34, ("environments/prd/terraform.tfvars",)
    ),
    "a valid project that leaves something unsaid": ValidationResult(
        ("dev", "staging"),
        ("network",),
        9,
        remarks=(UNSAID,),
    ),
    "formatted files": FORMATTED,
    "files that would be formatted": replace(FORMATTED, dry_run=True),
    "a file that is not formatted": replace(FORMATTED, files=FORMATTED.files[:1], check=True),
    "files that are formatted": FormatResult((), 81),
    "no files to format": FormatResult((), 0),
}

NETWORK = StackOutputs(
    "network",
    {
        "vpc_id": "vpc-0f8e7d6c5b4a39281",
        "private_subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1", "subnet-0123456789abcdef2"],
        "cidr": "10.10.0.0/16",
    },
)
DATABASE = StackOutputs(
    "database",
    {
        "connection": Marker.SENSITIVE,
        "limits": {"connections": 200, "burst": True},
        "motto": "two lines,\nand a bell \x07",
    },
)
OUTPUTS = EnvironmentOutputs("prod", NEW, (NETWORK, DATABASE, StackOutputs("web", {})))
UNSETTLED_OUTPUTS = EnvironmentOutputs(
    "dev", NEW, (NETWORK,), left_out=("legacy",), unsettled="failed", unread=("database",)
)
