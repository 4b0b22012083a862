"""Who signed entries, and what is not proven without signatures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from envctl.cli.render.text.next_commands import IN_SANDBOX
from envctl.cli.render.text.sentences import format_count
from envctl.domain.ledger.signers import Signer
from envctl.domain.text.lists import join_names

if TYPE_CHECKING:
    # Each command loads its own use case alone.
    from envctl.usecases.inspect.history import LedgerVerification
    from envctl.usecases.inspect.status import Status

UNSIGNED = "Order verified, authors not verified: nothing is signed."
SIGNED_BY = "signed by"


def describe_unsigned_status(status: "Status") -> str:
    """Name the environments whose new entries prove no author; empty if all are signed."""
    if len(status.unsigned) == len(status.all_environments):
        return UNSIGNED if status.unsigned else ""
    names = join_names(status.unsigned)
    return f"Order verified, authors not verified about {names}: no signing_key." if names else ""


def describe_authors(ledger: "LedgerVerification") -> str:
    """Say whose entries prove no author; empty if all do, and in the sandbox, which signs nothing."""
    if IN_SANDBOX.get():
        return ""
    if sum(each.count for each in ledger.unsigned) == ledger.entries:
        return "Authors are not verified: nothing is signed."
    counts = [f"{format_count(each.count, 'entry')} about {each.environment}" for each in ledger.unsigned]
    counts += [f"{format_count(ledger.vouched, 'entry')} of before, vouched for by people"] if ledger.vouched else []
    return f"Not signed, so authors are not verified: {join_names(counts)}." if counts else ""


def has_signers(signers: Mapping[int, Signer]) -> bool:
    """Check if any of these entries is signed: else one sentence says it better than a column."""
    return any(each.is_known for each in signers.values())


def explain_unsigned_entries(signers: Mapping[int, Signer]) -> str:
    """Return what holds for shown entries of which none is signed; empty for others, and in the sandbox."""
    return UNSIGNED if signers and not has_signers(signers) and not IN_SANDBOX.get() else ""
