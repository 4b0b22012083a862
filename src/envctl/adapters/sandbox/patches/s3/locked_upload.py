"""S3: headers of an upload into a bucket with object lock."""

from typing import Any

from envctl.adapters.sandbox.patches.patch import Patch, replace_method

_ALGORITHM_HEADER = "x-amz-sdk-checksum-algorithm"
_CHECKSUM_PREFIX = "x-amz-checksum-"


def _apply() -> None:
    from moto.s3.responses import S3Response

    stock = S3Response._key_response_put

    def _key_response_put(self: S3Response, query: dict[str, Any], key_name: str) -> object:
        sums = [name.lower().removeprefix(_CHECKSUM_PREFIX) for name, _ in self.headers.items() if _is_checksum(name)]
        if sums and not self.headers.get(_ALGORITHM_HEADER):
            self.headers = {**dict(self.headers.items()), _ALGORITHM_HEADER: sums[0].upper()}
        return stock(self, query, key_name)

    replace_method(S3Response, _key_response_put)


def _is_checksum(name: str) -> bool:
    return name.lower().startswith(_CHECKSUM_PREFIX) and name.lower() != f"{_CHECKSUM_PREFIX}algorithm"


PATCH = Patch(
    name="s3-locked-upload",
    service="s3",
    gap="moto wants a header of AWS's SDKs where AWS takes any checksum, so no ledger can be kept under object lock",
    apply=_apply,
)
