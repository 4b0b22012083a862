"""Settings files and Terraform modules → what they assign and declare.

E201 a syntax error · E202 a settings value that is not literal · E212 a wrong declaration in a module
"""
