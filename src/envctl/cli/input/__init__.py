"""Input besides arguments: typed or piped.

Begin with `secret_value.py`: `read_secret_value`. Out of scope: yes or no (`cli/render/progress/prompts.py`).
"""
