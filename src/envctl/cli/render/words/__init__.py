"""What is said about results: sentences, counts and verdicts, each for all media.

Functions return plain text, not escaped for any medium, or a tone such as "bad". Times are those of this machine unless
a zone is given. How a medium shows them (styles, columns, Markdown, HTML) is out of scope.
"""
