"""Frozen results in, text for people or machines out.

A folder is a format: `console/`, `html/`, `json/`, `markdown/`, `ci_reports/`, and `progress/` while a command runs.
`terminal/` and `values/` have the texts that formats share.

Begin with `console/any_result.py`: `render_result`; then `json/document.py`: `build_envelope`.
Out of scope: decisions, files and streams (`cli/output/`).
"""
