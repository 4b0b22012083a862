"""Ports that tell how long each call took: for `--trace` alone."""

from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from envctl.usecases.ports.terraform import Trace

P = TypeVar("P")
# Terraform tells of its processes itself, and the rest takes no time.
_TOLD = frozenset(
    {
        "tree",
        "reader",
        "store",
        "workspace",
        "access",
        "buckets",
        "registries",
        "secrets",
        "signatures",
        "alarms",
        "modules",
    }
    | {"versions", "identity", "probes", "costs", "consent"}
)


class _TracedPort:
    """Stands before a port: its calls become spans that bear the name of the port and of what was called."""

    def __init__(self, port: object, name: str, trace: "Trace") -> None:
        self._port = port
        self._name = name
        self._trace = trace

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 (whatever the port has)
        found = getattr(self._port, attribute)
        if not callable(found):
            return found

        def called(*args: Any, **options: Any) -> Any:  # noqa: ANN401
            with self._trace.span(f"{self._name}.{attribute}"):
                return found(*args, **options)

        return called


class _TracedPorts:
    def __init__(self, ports: object, trace: "Trace") -> None:
        self._ports = ports
        self._trace = trace

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        port = getattr(self._ports, name)
        return _TracedPort(port, name, self._trace) if name in _TOLD else port


def traced(ports: P, trace: "Trace") -> P:
    """The same ports to whoever uses them."""
    return cast("P", _TracedPorts(ports, trace))
