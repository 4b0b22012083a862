"""Templates of `envctl init`.

Begin with `templates.py`: `TEMPLATES`. Out of scope: the files of a template, which are in `envctl/templates/`.
"""
