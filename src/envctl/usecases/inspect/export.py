"""`envctl ledger export`: the recorded deployments for an auditor, or the raw entries."""

from collections.abc import Iterator
from dataclasses import dataclass

from envctl.domain.ledger.audit import Audit, DeploymentRecord
from envctl.domain.ledger.events import list_environments
from envctl.domain.ledger.projection.apply_entries import to_unbelieved
from envctl.domain.ledger.signers import describe_signer, to_proven_entry
from envctl.domain.ledger.state import DistrustedEntry
from envctl.domain.ledger.vouching import explain_doubt
from envctl.usecases.inspect.history import parse_filter
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports


@dataclass(frozen=True)
class DeploymentExport:
    """Deployments of a time range, in order of their start."""

    deployments: tuple[DeploymentRecord, ...]
    entries: int  # of the whole verified chain
    head: str  # the hash of the last entry
    unbelieved: tuple[DistrustedEntry, ...] = ()  # entries without effect
    unsigned: int = 0  # entries that count without a signature


def export_deployments(ports: Ports, environment: str = "", *, since: str = "", until: str = "") -> DeploymentExport:
    """Return the deployments of a time range, without unbelieved entries. The whole chain is read and checked: an
    approval may be older than its deployment, and a verification newer. People are verified only in signed entries.
    """
    time_range = parse_filter(ports, environment, since, until)
    audit, trust = Audit(), ports.trust
    doubted: list[DistrustedEntry] = []
    unsigned = 0
    present = journal.load(ports)
    for entry, _ in journal.read_oldest_first(ports):
        doubt = explain_doubt(trust, present, entry)
        signer = describe_signer(trust, entry, doubt)
        audit.add_entry(to_proven_entry(entry, signer), doubt, str(signer))
        doubted += [to_unbelieved(entry, doubt)] if doubt else []
        unsigned += not (signer.is_known or doubt or signer.standing == "vouched")
    found = tuple(
        each
        for each in audit.deployments.values()
        if time_range.contains(each.started_at) and environment in ("", each.environment)
    )
    return DeploymentExport(found, audit.present.seq, audit.present.head, tuple(doubted), unsigned)


def export_entries(ports: Ports, environment: str = "", *, since: str = "", until: str = "") -> Iterator[bytes]:
    """Yield the stored bytes of each entry, or of the entries of one environment."""
    time_range = parse_filter(ports, environment, since, until)
    for entry, data in journal.read_oldest_first(ports):
        if time_range.contains(entry.at) and environment in ("", *list_environments(entry.event)):
            yield data
