"""What commands may write into the ledger, and how an entry is told."""

from envctl.domain.ledger import events

DEPLOYS = {"waiver used", "deployment started", "deployment succeeded", "deployment failed", "state moved"}
VERIFIES = {"verification passed", "verification failed"}
MAY_WRITE = {
    "apply": DEPLOYS | VERIFIES | {"release created", "drift checked"},
    "promote": DEPLOYS | VERIFIES,
    "rollback": DEPLOYS | VERIFIES | {"hold set"},
    "destroy": DEPLOYS,
    "approve": {"approval given"},
    "approve rules": {"rules approved"},
    "reset rules": {"rules reset requested"},
    "withdraw reset": {"rules reset withdrawn"},
    "withdraw": {"approval withdrawn"},
    "verify": VERIFIES,
    "drift": {"drift checked"},
    "lock": {"environment locked"},
    "unlock": {"environment unlocked", "hold lifted"},
    "recover": {"deployment abandoned"},
    "look": set[str](),
}
ENDS = {"deployment succeeded", "deployment failed", "deployment abandoned"}


def describe_event(event: events.Event) -> str:
    shown = {
        name: value
        for name, value in vars(event).items()
        if name not in {"settings", "plan", "stacks", "performed", "place"}
    }
    return f"{event.kind} {', '.join(str(value)[:30] for value in shown.values() if value)}"
