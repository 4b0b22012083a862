"""Auto Scaling."""

from typing import Any

from tests.gaps import Client, Probe

POLICY = {
    "LaunchTemplate": {
        "LaunchTemplateSpecification": {"LaunchTemplateName": "mixed", "Version": "1"},
        "Overrides": [{"InstanceType": "t3.micro"}, {"InstanceType": "t3a.micro"}],
    },
    "InstancesDistribution": {"OnDemandBaseCapacity": 0, "OnDemandPercentageAboveBaseCapacity": 50},
}


def mixed_instances(client: Client) -> bool:
    scaling = client("autoscaling")
    data = {"ImageId": "ami-1e749f67", "InstanceType": "t3.micro"}
    client("ec2").create_launch_template(LaunchTemplateName="mixed", LaunchTemplateData=data)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="mixed",
        MinSize=3,
        MaxSize=3,
        MixedInstancesPolicy=POLICY,
        AvailabilityZones=["us-east-1a"],
    )
    if len(_group(scaling)["Instances"]) != 3 or "LaunchTemplate" in _group(scaling):
        return True
    scaling.update_auto_scaling_group(AutoScalingGroupName="mixed", MaxSize=4, CapacityRebalance=True)
    group = _group(scaling)
    if not group["CapacityRebalance"] or "MixedInstancesPolicy" not in group:
        return True
    template = {"LaunchTemplateName": "mixed", "Version": "1"}
    scaling.update_auto_scaling_group(AutoScalingGroupName="mixed", LaunchTemplate=template)
    return "MixedInstancesPolicy" in _group(scaling) or "LaunchTemplate" not in _group(scaling)


def _group(scaling: Any) -> dict[str, Any]:
    (group,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["mixed"])["AutoScalingGroups"]
    return dict(group)


PROBES: dict[str, Probe] = {"autoscaling-mixed-instances": mixed_instances}
