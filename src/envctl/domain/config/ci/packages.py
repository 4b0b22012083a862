"""Checks of the packages that jobs install, between keys of `[ci]`."""

from collections.abc import Iterator, Mapping

from envctl.domain.config.fields import Fault, TomlPath, find_table

_PATH: TomlPath = ("ci", "kubernetes_package")


def find_package_faults(document: Mapping[str, object]) -> Iterator[Fault]:
    """Yield the fault (E146) of a `kubernetes_package` without a wheel or version of envctl."""
    table = find_table(document, "ci")
    if "kubernetes_package" not in table:
        return
    package = table.get("package")
    if package is None:
        yield Fault("E146", "ci.kubernetes_package is set without ci.package", "add package, or remove it", _PATH)
    elif isinstance(package, str) and package.startswith("git+"):
        message = "ci.kubernetes_package is for wheels and versions of ci.package: a commit has both packages"
        yield Fault("E146", message, "remove kubernetes_package", _PATH)
