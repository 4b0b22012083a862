"""Frozen results in, text for people or machines out.

A folder is a format: `console/`, `html/`, `json/`, `markdown/`, `ci_reports/`, and `progress/` while a command runs.
What formats share lies below them: `words/` has the sentences, `terminal/` prints, `values/` has values of resources,
`text/` escapes, times and widths.

Begin with `console/any_result.py`: `render_result`; its sentences are in `words/`; then `json/document.py`:
`build_envelope`.
Out of scope: decisions, files and streams (`cli/output/`).
"""
