"""Names of companies, as people mean them: without accents, punctuation and legal form.

Not here: what a match is worth (``matching``).
"""

import re
import unicodedata
from difflib import SequenceMatcher

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
    if 5 * min(len(one), len(other)) < 3 * max(len(one), len(other)):  # no such pair is 80 percent alike
        return 0
    first, second = sorted((one, other))
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    if matcher.real_quick_ratio() < 0.8 or matcher.quick_ratio() < 0.8:  # never too high a bound, and far faster
        return 0
    return int(matcher.ratio() * 100)
