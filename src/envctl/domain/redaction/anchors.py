"""A filter of spellings by their anchors: one pass over a text, whatever the number of secrets."""

from collections.abc import Iterable

from envctl.domain.redaction.spellings import Spelling

_SIZE = 4


class AnchorIndex:
    """Finds the spellings whose anchor is in a text. Texts are bytes in lower case.

    Four bytes of an anchor are a number. A text is read as numbers too, at each fourth byte: an anchor of seven bytes
    holds a whole one in any place. Shorter anchors need a second reading, from another byte on, or up to four.
    """

    def __init__(self, spellings: Iterable[Spelling]) -> None:
        self._short = list[tuple[bytes, Spelling]]()
        self._by_number: dict[int, list[tuple[bytes, Spelling]]] = {}
        lengths = [2 * _SIZE - 1]
        for each in spellings:
            anchor = each.anchor.encode()
            if len(anchor) < _SIZE:
                self._short.append((anchor, each))
                continue
            lengths.append(len(anchor))
            for start in range(min(len(anchor) - _SIZE + 1, _SIZE)):
                (number,) = _read_numbers(anchor[start : start + _SIZE], 0)
                self._by_number.setdefault(number, []).append((anchor, each))
        self._numbers = frozenset(self._by_number)
        self._readings = 2 * _SIZE - min(lengths)

    def select(self, data: bytes) -> list[Spelling]:
        """Return the spellings with their anchor in the text, each once."""
        found = [pair for pair in self._short if pair[0] in data and (pair[0] or _has_stretch(pair[1], data))]
        if self._numbers:
            for start in range(self._readings):
                for number in self._numbers.intersection(_read_numbers(data, start)):
                    found += [pair for pair in self._by_number[number] if pair[0] in data]
        return list(dict.fromkeys(spelling for _, spelling in found)) if found else []

    def may_hold(self, data: bytes) -> bool:
        """Check for such spellings in decoded bytes, of which most are noise."""
        return any(len(each.anchor) >= _SIZE or _has_stretch(each, data) for each in self.select(data))


def _has_stretch(spelling: Spelling, data: bytes) -> bool:
    return spelling.stretch_pattern.search(data) is not None


def _read_numbers(data: bytes, start: int) -> Iterable[int]:
    end = start + (len(data) - start) // _SIZE * _SIZE
    return memoryview(data)[start:end].cast("I") if end > start else ()
