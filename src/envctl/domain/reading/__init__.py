"""The reading: all that an approval or a consent binds, as a document that a person reads.

Nothing is bound that is not in it. Views of it order and fold; `folds` names the only two kinds of folds.
"""
