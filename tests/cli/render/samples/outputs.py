"""What an environment puts out."""

from envctl.domain.plan.changes import Marker
from envctl.usecases.inspect.outputs import EnvironmentOutputs, StackOutputs
from tests.cli.render.samples.basics import NEW

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
