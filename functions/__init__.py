"""Entry points of the function app, a folder for each group: parse, call one use case, answer.

The groups do not import each other; what they share of HTTP is ``functions/http.py``.
"""
