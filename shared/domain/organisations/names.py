"""Names of companies, as people mean them: without accents, punctuation and legal form.

Not here: what a match is worth (``matching``).
"""

import re
import unicodedata
from collections import Counter
from difflib import SequenceMatcher

LIKE_FROM = 80
"""Names that are less alike, in percent, are not looked at closely."""
_FORMS = frozenset(
    {
        "ab",
        "ag",
        "aps",
        "as",
        "asa",
        "bv",
        "bvba",
        "cv",
        "cvba",
        "dac",
        "eeig",
        "eg",
        "ek",
        "ev",
        "gbr",
        "gesmbh",
        "ggmbh",
        "gmbh",
        "hb",
        "kb",
        "kg",
        "kgaa",
        "kk",
        "limited",
        "llc",
        "llp",
        "ltd",
        "ltda",
        "mbh",
        "nv",
        "oh",
        "oy",
        "oyj",
        "plc",
        "pty",
        "pvt",
        "sa",
        "sab",
        "sarl",
        "sas",
        "se",
        "sl",
        "slu",
        "sp",
        "spa",
        "spzoo",
        "srl",
        "sro",
        "stiftung",
        "ug",
        "vof",
        "vzw",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "company",
        "co",
        "holding",
        "group",
        "gruppe",
        "groep",
    }
)
_JOINED = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d", "þ": "th", "ð": "d", "œ": "oe"})
_WORD = re.compile(r"\w+")
_DOTTED = re.compile(r"\b((?:\w\.){2,})")


def plain_name(name: str) -> str:
    """Return the words of *name* that tell companies apart: ``Müller & Söhne GmbH`` is ``muller sohne``.

    A name of nothing but legal forms keeps them, so that it is not empty.
    """
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_JOINED))
    text = "".join(letter for letter in folded if not unicodedata.combining(letter))
    text = _DOTTED.sub(lambda match: match[0].replace(".", ""), text + " ")
    words = _WORD.findall(text.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", ""))
    return " ".join([word for word in words if word not in _FORMS] or words)


def likeness(one: str, other: str) -> int:
    """Return how alike two plain names are, in percent; the same whichever comes first."""
    length = len(one) + len(other)
    shared = sum((Counter(one) & Counter(other)).values())  # never less than what matches in order, and far faster
    if 200 * shared < LIKE_FROM * length:
        return 0
    first, second = sorted((one, other))
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return 200 * sum(block.size for block in blocks) // length
