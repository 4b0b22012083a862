"""Which stack an address to import means."""

import pytest

from envctl.domain.errors import UsageError
from envctl.usecases.deployment.recovery.stages import find_import_target
from envctl.usecases.ports.terraform import PreparedStack, format_import_address

WEB, DATA = PreparedStack("web"), PreparedStack("data")
SITE, CORE = PreparedStack("site", root="stacks/site"), PreparedStack("core", root=".")


@pytest.mark.parametrize(
    ("text", "stacks", "stack", "address"),
    [
        pytest.param("module.web.x.y", (WEB, DATA), WEB, "module.web.x.y", id="a module has its prefix"),
        pytest.param("web:x.y", (WEB, SITE), WEB, "module.web.x.y", id="a named module needs none"),
        pytest.param("site:x.y", (WEB, SITE, CORE), SITE, "x.y", id="a named root"),
        pytest.param("site:module.web.x.y", (WEB, SITE), SITE, "module.web.x.y", id="a root that calls a module web"),
        pytest.param("web:module.web.x.y", (WEB,), WEB, "module.web.module.web.x.y", id="a module that calls its name"),
        pytest.param("x.y", (WEB, SITE), SITE, "x.y", id="the only root"),
        pytest.param('x.y["a:b"]', (WEB, SITE), SITE, 'x.y["a:b"]', id="a colon in a key names no stack"),
    ],
)
def test_address_means_one_stack(
    text: str, stacks: tuple[PreparedStack, ...], stack: PreparedStack, address: str
) -> None:
    assert find_import_target(text, stacks) == (stack, address)


@pytest.mark.parametrize("stack", [WEB, SITE, CORE])
def test_suggested_address_means_its_stack(stack: PreparedStack) -> None:
    everything = (WEB, DATA, SITE, CORE)
    found = find_import_target(format_import_address(stack, "module.web.x.y"), everything)
    assert found == (stack, f"{stack.address_prefix}module.web.x.y")


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        pytest.param("x.y", "E375", "'site:x.y=ID' or 'core:x.y=ID'", id="two roots"),
        pytest.param("module.web.x.y", "E375", "'web:x.y=ID' or 'site:module.web.x.y=ID'", id="a module and a root"),
        pytest.param("other:x.y", "E368", "core: or data: or module", id="an unknown stack"),
    ],
)
def test_unclear_address_is_refused(text: str, code: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        find_import_target(text, (WEB, SITE, CORE))
    assert raised.value.problems[0].code == code
    assert hint.replace("core: or data: or module", "core: or site: or web:") in raised.value.problems[0].hint
