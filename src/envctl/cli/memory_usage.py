"""Memory use of all Terraform processes of the last command."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envctl.adapters.terraform.scheduler.capacity import Usage

LAST_USAGE: "ContextVar[Usage | None]" = ContextVar("LAST_USAGE", default=None)
