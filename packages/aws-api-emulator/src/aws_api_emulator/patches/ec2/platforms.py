"""EC2: the account attribute `supported-platforms`."""

from typing import Any, cast

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.ec2.responses.account_attributes import AccountAttributes

    stock = AccountAttributes.describe_account_attributes

    def describe_account_attributes(self: AccountAttributes) -> object:
        answer = stock(self)
        attributes: list[dict[str, Any]] = cast("dict[str, Any]", answer.result)["AccountAttributes"]
        for attribute in attributes:
            if attribute["AttributeName"] == "supported-platforms":
                attribute["AttributeValues"] = [{"AttributeValue": "VPC"}]
        return answer

    replace_methods(AccountAttributes, describe_account_attributes)


PATCH = Patch("ec2-platforms", "ec2", _apply)
"""moto says that EC2-Classic exists, so the provider refuses tags on an elastic IP without `vpc`."""
