"""EC2: routes to a gateway endpoint."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.vpcs import VPCBackend

    stock = VPCBackend.modify_vpc_endpoint

    def modify_vpc_endpoint(
        self: EC2Backend,
        vpc_id: str,
        **changes: Any,  # noqa: ANN401 (as the stock one takes them)
    ) -> None:
        (endpoint,) = self.describe_vpc_endpoints([vpc_id])
        before = set(endpoint.route_table_ids)
        stock(self, vpc_id, **changes)
        prefixes, after = endpoint.destination_prefix_list_id, set(endpoint.route_table_ids)
        if prefixes is None:
            return
        for table in after - before:
            self.create_route(table, None, gateway_id=vpc_id, destination_prefix_list_id=prefixes)
        for table in (before - after) & set(self.route_tables):
            self.delete_route(table, prefixes)

    replace_methods(VPCBackend, modify_vpc_endpoint)


PATCH = Patch("ec2-endpoint-routes", "ec2", _apply)
"""moto gives no route to a table that joins a gateway endpoint, and then fails to delete the endpoint."""
