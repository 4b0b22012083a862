"""The version of Kubernetes whose rules the server has.

Its validation, defaults and messages were translated from this version, and its recorded answers come from it. Of the
other versions it has the types of the kinds alone.
"""

RULES_VERSION = "1.36"
