"""The packaged AWS provider as one process for several Terraform processes: each would start it up to three times."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from envctl.adapters.sandbox.mirror import PROVIDER_VERSION, provider_folder
from envctl.adapters.terraform.init.plugin_cache import PinnedProvider
from envctl.adapters.terraform.warm.handshake import format_addresses
from envctl.adapters.terraform.warm.package import CheckedPackage, identify_file
from envctl.adapters.terraform.warm.provider_process import WarmProvider

ADDRESS = "registry.terraform.io/hashicorp/aws"


@contextmanager
def share_provider(mirror: Path, folder: Path, variables: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the variables of a Terraform that takes this provider, in one configuration and one process at a time.

    At night (`COLD_STARTS`) there are none: Terraform installs and starts the provider itself, as users' does.
    """
    if os.environ.get("COLD_STARTS"):
        yield {}
        return
    (program,) = provider_folder(mirror).iterdir()
    descriptor = os.open(program, os.O_RDONLY)
    pinned = PinnedProvider(ADDRESS, PROVIDER_VERSION, frozenset())
    package = CheckedPackage(pinned, program.parent, program, descriptor, {program.name: identify_file(program)})
    # It lives for minutes: without a collection of garbage it would need gigabytes.
    provider = WarmProvider(package, folder, {**variables, "GOGC": "400"})
    try:
        address = provider.await_address(lambda: False)
        assert address is not None, "the provider did not start"
        yield format_addresses([address])
    finally:
        package.close()
        provider.end()
        provider.await_end()
