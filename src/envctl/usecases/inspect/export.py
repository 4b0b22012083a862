"""`envctl ledger export`: the deployments that the ledger tells of, for an auditor, or the entries as they are kept."""

from collections.abc import Iterator
from dataclasses import dataclass

from envctl.domain.ledger.audit import Audit, DeploymentRecord
from envctl.domain.ledger.projection.apply_entries import disbelieved
from envctl.domain.ledger.state import Unbelieved
from envctl.usecases.inspect.history import span_of
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load


@dataclass(frozen=True)
class Exported:
    """Deployments that began in a span, in the order in which they did. `entries` is how many entries the chain holds,
    all of which fit, and `head` the hash of the last one. `unbelieved` are those of them that do not count.
    """

    deployments: tuple[DeploymentRecord, ...]
    entries: int
    head: str
    unbelieved: tuple[Unbelieved, ...] = ()


def deployments(ports: Ports, environment: str = "", *, since: str = "", until: str = "") -> Exported:
    """The whole chain is read and checked: an approval may be older than the deployment that it is for, and a
    verification newer. What is not believed is no part of it.
    """
    _known(ports, environment)
    wanted = span_of(ports, since, until)
    followed, trust = Audit(), ports.trust
    doubted: list[Unbelieved] = []
    for entry, _ in journal.oldest_first(ports):
        doubt = trust.doubt(entry)
        followed.follow(entry, doubt)
        doubted += [disbelieved(entry, doubt)] if doubt else []
    found = tuple(
        each
        for each in followed.deployments.values()
        if wanted.holds(each.started_at) and environment in ("", each.environment)
    )
    return Exported(found, followed.present.seq, followed.present.head, tuple(doubted))


def entries(ports: Ports, environment: str = "", *, since: str = "", until: str = "") -> Iterator[bytes]:
    """The very bytes of each entry, as they are read. With an environment: of those that speak of it alone."""
    _known(ports, environment)
    wanted = span_of(ports, since, until)
    for entry, data in journal.oldest_first(ports):
        if wanted.holds(entry.at) and environment in ("", getattr(entry.event, "environment", None)):
            yield data


def _known(ports: Ports, environment: str) -> None:
    project = load.project(ports)
    if environment:
        load.find_recorded_environment(ports, project, environment)
