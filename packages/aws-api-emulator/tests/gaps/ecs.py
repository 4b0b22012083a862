"""ECS: its services, its clusters and tasks from CloudFormation, and how services scale."""

import json
from typing import Any

from tests.gaps import Client, Probe

STRATEGY = [{"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 0}]
BREAKER = {"enable": True, "rollback": True}


def service_fields(client: Client) -> bool:
    """A share of the capacity, how it is deployed, and how long a task may take to start."""
    given = {"healthCheckGracePeriodSeconds": 60, "enableECSManagedTags": True, "enableExecuteCommand": False}
    service = _service(
        client,
        "fields",
        capacityProviderStrategy=STRATEGY,
        deploymentConfiguration={"deploymentCircuitBreaker": BREAKER},
        **given,
    )
    usual = {"deploymentCircuitBreaker": BREAKER, "maximumPercent": 200, "minimumHealthyPercent": 100}
    return (
        any(service.get(field) != value for field, value in given.items())
        or service.get("capacityProviderStrategy") != STRATEGY
        or service.get("deploymentConfiguration") != usual
        or "launchType" in service
    )


def service_steady(client: Client) -> bool:
    ecs = client("ecs")
    service = _service(client, "steady")
    if not _steady(service, 2):
        return True
    later = ecs.register_task_definition(family="steady", containerDefinitions=[_container("later")])["taskDefinition"]
    ecs.update_service(cluster="steady", service="steady", taskDefinition=later["taskDefinitionArn"])
    ecs.update_service(cluster="steady", service="steady", desiredCount=3)
    (service,) = ecs.describe_services(cluster="steady", services=["steady"])["services"]
    (cluster,) = ecs.describe_clusters(clusters=["steady"])["clusters"]
    deployed = service["deployments"][0]["taskDefinition"] == later["taskDefinitionArn"]
    return not (_steady(service, 3) and deployed and cluster["runningTasksCount"] == 3)


def cluster_of_stack(client: Client) -> bool:
    cluster = {
        "ClusterName": "stack",
        "CapacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}],
    }
    client("cloudformation").create_stack(StackName="cluster", TemplateBody=_template("AWS::ECS::Cluster", cluster))
    (made,) = client("ecs").describe_clusters(clusters=["stack"])["clusters"]
    if made.get("capacityProviders") != cluster["CapacityProviders"]:
        return True
    if made["settings"] != [{"name": "containerInsights", "value": "enabled"}]:
        return True
    changed = _template("AWS::ECS::Cluster", {**cluster, "CapacityProviders": ["FARGATE"]})
    client("cloudformation").update_stack(StackName="cluster", TemplateBody=changed)
    (made,) = client("ecs").describe_clusters(clusters=["stack"])["clusters"]
    client("cloudformation").delete_stack(StackName="cluster")
    (left,) = client("ecs").describe_clusters(clusters=["stack"])["clusters"]
    return bool(made["capacityProviders"] != ["FARGATE"] or left["status"] != "INACTIVE")


def task_of_stack(client: Client) -> bool:
    task = {
        "Family": "stack",
        "Cpu": "256",
        "Memory": "512",
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "RuntimePlatform": {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
        "ContainerDefinitions": [{"Name": "web", "Image": "web", "Environment": [{"Name": "A_B", "Value": "cD"}]}],
    }
    client("cloudformation").create_stack(StackName="task", TemplateBody=_template("AWS::ECS::TaskDefinition", task))
    made = client("ecs").describe_task_definition(taskDefinition="stack")["taskDefinition"]
    if (made.get("cpu"), made.get("runtimePlatform", {}).get("cpuArchitecture")) != ("256", "ARM64"):
        return True
    if made["containerDefinitions"][0]["environment"] != [{"name": "A_B", "value": "cD"}]:
        return True
    changed = _template("AWS::ECS::TaskDefinition", {**task, "Cpu": "512", "Memory": "1024"})
    client("cloudformation").update_stack(StackName="task", TemplateBody=changed)
    made = client("ecs").describe_task_definition(taskDefinition="stack")["taskDefinition"]
    client("cloudformation").delete_stack(StackName="task")
    left = client("ecs").list_task_definitions(familyPrefix="stack", status="ACTIVE")["taskDefinitionArns"]
    return bool(made["cpu"] != "512" or left)


def scaling_by_name(client: Client) -> bool:
    scaling = client("application-autoscaling")
    _service(client, "scaled")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/scaled/scaled",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    for name, metric in (("cpu", "ECSServiceAverageCPUUtilization"), ("memory", "ECSServiceAverageMemoryUtilization")):
        tracked = {"TargetValue": 60.0, "PredefinedMetricSpecification": {"PredefinedMetricType": metric}}
        scaling.put_scaling_policy(
            **target,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracked,
        )
    asked = scaling.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["memory"])["ScalingPolicies"]
    return [policy["PolicyName"] for policy in asked] != ["memory"]


def _service(client: Client, name: str, **more: Any) -> dict[str, Any]:
    ecs = client("ecs")
    ecs.create_cluster(clusterName=name)
    ecs.register_task_definition(family=name, containerDefinitions=[_container("web")])
    return dict(
        ecs.create_service(cluster=name, serviceName=name, taskDefinition=name, desiredCount=2, **more)["service"]
    )


def _container(name: str) -> dict[str, Any]:
    return {"name": name, "image": "web", "memory": 128}


def _steady(service: dict[str, Any], count: int) -> bool:
    """As the waiter of AWS has it."""
    (deployment,) = service["deployments"]
    counted = {service["runningCount"], service["desiredCount"], deployment["runningCount"]}
    return counted == {count} and bool(deployment["rolloutState"] == "COMPLETED")


def _template(kind: str, properties: dict[str, Any]) -> str:
    return json.dumps({"Resources": {"Made": {"Type": kind, "Properties": properties}}})


PROBES: dict[str, Probe] = {
    "application-autoscaling-names": scaling_by_name,
    "cloudformation-ecs-cluster": cluster_of_stack,
    "cloudformation-ecs-task": task_of_stack,
    "ecs-service-fields": service_fields,
    "ecs-service-steady": service_steady,
}
