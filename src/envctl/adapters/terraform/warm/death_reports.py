"""How warm providers ended, in the words that Terraform has for a provider that it started itself.

Source: `internal/logging/panic.go` of Terraform, and the log of go-plugin.
"""

import re
import signal
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.warm.provider_process import ProviderDeath

_CRASH = re.compile(r"^(?:panic: |fatal error: )", re.MULTILINE)
_MAX_CRASH_LINES = 100
_CRASH_TEXT = """
Stack trace from the {program} plugin:

{trace}

Error: The {program} plugin crashed!

This is always indicative of a bug within the plugin. It would be immensely
helpful if you could report the crash with the plugin's maintainers so that it
can be fixed. The output above should help diagnose the issue.
"""


def add_reports(result: ProcessResult, deaths: Iterable[ProviderDeath]) -> ProcessResult:
    return replace(result, errors=result.errors + "".join(_describe_death(each) for each in deaths))


def _describe_death(death: ProviderDeath) -> str:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3]
    ended = f"exit status {death.status}"
    if death.status < 0:
        ended = f"signal: {(signal.strsignal(-death.status) or str(-death.status)).lower()}"
    text = f'{now}Z [ERROR] provider: plugin process exited: plugin={death.program} error="{ended}"\n'
    if crash := _CRASH.search(death.output):
        trace = "\n".join(death.output[crash.start() :].splitlines()[:_MAX_CRASH_LINES])
        text += _CRASH_TEXT.format(program=death.program, trace=trace)
    return text
