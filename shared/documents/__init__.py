"""Everything a person downloads, and every file a person hands in as a price list.

See ``README.md`` beside this file for what it owns and what it does not.
"""
