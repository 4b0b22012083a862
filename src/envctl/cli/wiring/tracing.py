"""Ports with a trace span around each call, for `--trace`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from envctl.usecases.ports.terraform import Tracer

# Terraform traces its own processes; calls of the other ports are too short to matter.
_TRACED_NAMES = frozenset(
    {"access", "alarms", "buckets", "identity", "registries", "secrets", "signatures", "store"}
    | {"config_reader", "remote_modules", "tree", "version_control", "workspace"}
    | {"check_runner", "cost_estimator", "kubernetes_clusters", "looking_clusters", "prompter"}
)


class _TracedPort:
    """Proxy of a port: each call becomes a span named PORT.METHOD."""

    def __init__(self, port: object, name: str, trace: "Tracer") -> None:
        self._port = port
        self._name = name
        self._trace = trace

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 (any attribute of the port)
        found = getattr(self._port, attribute)
        if not callable(found):
            return found

        def call_in_span(*args: Any, **options: Any) -> Any:  # noqa: ANN401
            with self._trace.span(f"{self._name}.{attribute}"):
                return found(*args, **options)

        return call_in_span


class TracedPorts:
    """Wraps the ports, with the same interface."""

    def __init__(self, ports: object, trace: "Tracer") -> None:
        self._ports = ports
        self._trace = trace

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        port = getattr(self._ports, name)
        return _TracedPort(port, name, self._trace) if name in _TRACED_NAMES else port
