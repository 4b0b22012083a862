"""The version of Kubernetes whose rules the server has.

Its validation, defaults and messages were translated from this version, and its recorded answers come from it. Of the
other versions it has the types of the kinds alone.
"""

RULES_VERSION = "1.36"
# The tag of the sources that the rules were compared with: each file names the ones that it was translated from.
RULES_TAG = "v1.36.2"
