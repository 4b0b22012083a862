"""What a code means: its part of the pages of errors and guards."""

from collections.abc import Mapping

import pytest

from envctl.adapters.local.templates import PackagedTemplates
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import UsageError
from envctl.domain.release.bundle import File
from envctl.usecases.inspect.explain import Section, explain_code, list_codes

PAGES = PackagedTemplates()
ERRORS = """# Errors

## Store

| code | exit | meaning | what to do |
|---|---|---|---|
| E401 | 1, 78 | A `|` in an entry. | [Restore](store.md#restore) it, or ask [us](store.md). |
"""
STORE = """# The store

It begins here,
in two lines.

## Restore

<!-- given: a mark -->
1. Type this,
   and wait:

   ```sh
   # restore
   envctl  status
   ```

- then **[check](a.md)**
### Below

| a | b |
## Next
"""


class OwnPages(PackagedTemplates):
    def load_shipped(self, folder: str) -> Mapping[str, File]:
        text = {"docs/errors.md": ERRORS, "docs/store.md": STORE, "docs/guards.md": "# Guards\n"}[folder]
        return {folder: File(text.encode())}


@pytest.mark.parametrize("code", list_codes(PAGES))
def test_every_code_is_explained(code: str) -> None:
    found = explain_code(PAGES, code.lower())
    assert found.code == code
    for section in (Section(found.title, found.text), *found.sections):
        assert section.title
        assert section.text
        assert "](" not in section.text
        assert "<!--" not in section.text


def test_codes_are_those_of_both_pages() -> None:
    codes = list_codes(PAGES)
    assert {"E000", "E321", *(code.value for code in GuardCode)} < set(codes)
    assert len(codes) == len(set(codes))


def test_sections_behind_links_follow_the_row() -> None:
    found = explain_code(OwnPages(), " e401 ")
    assert (found.title, found.exit_codes) == ("Store", (1, 78))
    assert found.text == "A `|` in an entry.\n\n**What to do.** Restore it, or ask us."
    restore = (
        "1. Type this, and wait:\n\n   ```sh\n   # restore\n   envctl  status\n   ```\n\n- then **check**\n### Below"
    )
    assert found.sections == (
        Section("Restore", f"{restore}\n\n| a | b |"),
        Section("The store", "It begins here, in two lines."),
    )


@pytest.mark.parametrize(
    ("code", "hint"),
    {
        "E3211": "did you mean E321?",
        "errors": "a code is like E321 or G102",
        "": "a code is like E321 or G102",
    }.items(),
)
def test_unknown_code_gets_a_suggestion(code: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        explain_code(PAGES, code)
    assert [(each.code, each.hint) for each in raised.value.problems] == [("E048", hint)]
