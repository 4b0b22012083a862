"""S3: headers of an upload into a bucket with object lock."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods

_ALGORITHM_HEADER = "x-amz-sdk-checksum-algorithm"
_CHECKSUM_PREFIX = "x-amz-checksum-"


def _apply() -> None:
    from moto.s3.responses import S3Response
    from werkzeug.datastructures import Headers

    stock = S3Response._key_response_put

    def _key_response_put(self: S3Response, query: dict[str, Any], key_name: str) -> object:
        names = [name.lower() for name, _ in self.headers.items() if name.lower().startswith(_CHECKSUM_PREFIX)]
        sums = [kind for name in names if (kind := name.removeprefix(_CHECKSUM_PREFIX)) != "algorithm"]
        if sums and not self.headers.get(_ALGORITHM_HEADER):
            # In any case, as before: a lock of the upload's own is in headers too.
            self.headers = Headers([*self.headers.items(), (_ALGORITHM_HEADER, sums[0].upper())])
        return stock(self, query, key_name)

    replace_methods(S3Response, _key_response_put)


PATCH = Patch("s3-locked-upload", "s3", _apply)
"""moto wants a header of AWS's SDKs where AWS takes any checksum, so no ledger can be kept under object lock."""
