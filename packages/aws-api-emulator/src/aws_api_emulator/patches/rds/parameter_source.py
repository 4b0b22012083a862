"""RDS: the source of parameters in a parameter group."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.core.responses import ActionResult
    from moto.rds.responses import RDSResponse

    stock = RDSResponse.describe_db_parameters

    def describe_db_parameters(self: RDSResponse) -> ActionResult:
        """Add the source `user` to all parameters: moto stores only parameters set by the user."""
        found: Any = stock(self).result
        wanted = self.params.get("Source") in {None, "user"}
        parameters = [{**parameter, "Source": "user"} for parameter in found["Parameters"] if wanted]
        return ActionResult({"Parameters": parameters})

    replace_methods(RDSResponse, describe_db_parameters)


PATCH = Patch("rds-parameter-source", "rds", _apply)
"""moto does not say that a parameter was set by the user, so every plan sets the parameters of a group again."""
