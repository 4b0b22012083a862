"""Settings, with a secret planted that must be seen nowhere, and root modules."""

from envctl.domain.errors import Location
from envctl.domain.settings import EnvironmentSettings, Setting
from envctl.usecases.render import Rendered
from tests.cli.render.samples.basics import SECRET

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
RENDERED = Rendered(
    "dev",
    {
        "dev/network/main.tf.json": '{\n  "module": {\n    "network": {\n      "cidr": "10.10.0.0/16"\n    }\n  }\n}\n',
        "dev/web/main.tf.json": '{\n  "module": {}\n}\n',
    },
)
