"""Tones: how good or bad something said is. Each medium has its own sign for them."""

from typing import Literal

Tone = Literal["good", "warn", "bad", ""]
