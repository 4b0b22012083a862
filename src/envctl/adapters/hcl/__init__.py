"""Settings files and Terraform modules → what they assign and declare.

E201 a syntax error · E202 a settings value that is not literal · E212 a wrong declaration in a module
"""

from envctl.adapters.hcl.module import read_calls, read_module
from envctl.adapters.hcl.settings import read_settings

__all__ = ["read_calls", "read_module", "read_settings"]
