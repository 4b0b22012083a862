"""All that an approval or a consent binds, as a document that a person reads: nothing is bound that is not in it.

Begin with `reading.py`: `Reading`; then `bound_values.py`. Out of scope: its lines (`cli/render/words/reading.py`).
"""
