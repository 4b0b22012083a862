"""Trust policies of IAM, evaluated as AWS documents it: moto checks almost nothing of them.

No test has asked AWS. The pages that these rules follow are named where they are implemented. What they do not
describe, or what is not implemented here, is refused (UnsupportedPolicyError) and never passed.
"""
