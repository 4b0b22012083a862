"""EC2."""

from typing import Any

from tests.gaps import Client, Probe, fails

SERVICE = "com.amazonaws.us-east-1.s3"


def endpoint_routes(client: Client) -> bool:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.10.0.0/16")["Vpc"]["VpcId"]
    first, second = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=SERVICE, VpcEndpointType="Gateway", RouteTableIds=[first])
    endpoint = made["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[second], RemoveRouteTableIds=[first])
    if _leads(ec2, first, endpoint) or not _leads(ec2, second, endpoint):
        return True
    return fails(lambda: ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])) or _leads(ec2, second, endpoint)


def _leads(ec2: Any, table: str, endpoint: str) -> bool:
    (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    return any(route.get("GatewayId") == endpoint for route in found["Routes"])


PROBES: dict[str, Probe] = {"ec2-endpoint-routes": endpoint_routes}
