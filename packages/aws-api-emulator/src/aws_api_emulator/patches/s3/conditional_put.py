"""S3: `If-None-Match` and `If-Match` on an upload."""

import threading

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.s3.responses import S3Response

    stock = S3Response.put_object
    lock = threading.Lock()

    def put_object(self: S3Response) -> object:
        if not (self.headers.get("If-None-Match") or self.headers.get("If-Match")):
            return stock(self)
        with lock:
            return stock(self)

    replace_methods(S3Response, put_object)


PATCH = Patch("s3-conditional-put", "s3", _apply)
"""moto looks and then writes without a lock, so two uploads that each demand to be the first both succeed."""
