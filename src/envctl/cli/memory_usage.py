"""What the Terraform of the command at hand took, all of it together."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envctl.adapters.terraform.scheduler.capacity import Usage

LAST: "ContextVar[Usage | None]" = ContextVar("LAST", default=None)
