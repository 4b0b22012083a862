"""S3: object lock on a bucket with objects."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.s3.models import S3Backend

    stock = S3Backend.put_object_lock_configuration

    def put_object_lock_configuration(self: S3Backend, bucket_name: str, *configuration: Any) -> None:  # noqa: ANN401 (as its own)
        bucket = self.get_bucket(bucket_name)
        held, bucket.keys = bucket.keys, type(bucket.keys)()
        try:
            stock(self, bucket_name, *configuration)
        finally:
            bucket.keys = held

    replace_methods(S3Backend, put_object_lock_configuration)


PATCH = Patch("s3-object-lock", "s3", _apply)
"""moto locks new buckets alone, so one that holds a store already can't be made stronger."""
