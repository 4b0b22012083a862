"""CEL, the language of rules in policies and custom kinds."""
