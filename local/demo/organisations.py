"""The demo reseller and its customers: made-up organisations, some with names that break careless software.

The hostile names are input that arrives from outside in any real month: a formula that a spreadsheet would run, markup
that a browser would run, a path that leaves its folder, quotes, commas, and a name of 150 characters.

Not here: what they buy.
"""

import random
import uuid
from dataclasses import dataclass

CUSTOMERS_MIN = 40
LONG_NAME = (
    "Stichting Samenwerkingsverband voor Gemeenschappelijke Informatievoorziening, Archivering en Digitale "
    "Dienstverlening van Noordelijke Gemeenten en Wad"
)
HOSTILE_NAMES = (
    '=HYPERLINK("http://evil.example","Click")',
    "+SUM(A1:A9)",
    "<script>alert(1)</script> GmbH",
    "@cmd|' /C calc'!A0",
    "..\\..\\etc ltd",
)

_NAMED = (
    ("Nordsjø Shipping Group AS", "NO"),
    ("Smörgåsbord Café AB", "SE"),
    ("Łódź Tekstil Sp. z o.o.", "PL"),
    ("São João Lda", "PT"),
    ("Blue Ridge Dental Partners, LLC", "US"),
    ("Müller & Söhne Maschinenbau GmbH", "DE"),
    (HOSTILE_NAMES[0], "NL"),
    ("L'Atelier d'Évelyne SARL", "FR"),
    (HOSTILE_NAMES[2], "DE"),
    ("Van den Berg, De Vries en Partners B.V.", "NL"),
    ('The "Corner" Bakery Co.', "US"),
    (HOSTILE_NAMES[1], "BE"),
    ("Ærø Færgefart A/S", "DK"),
    (HOSTILE_NAMES[4], "IE"),
    ("Česká Pošumavská Pila s.r.o.", "CZ"),
    (LONG_NAME, "NL"),
    ("Lakeshore Credit Union", "US"),
    ("Ístak Verkfræðistofa ehf.", "IS"),
    ("Ελληνικά Ναυπηγεία Α.Ε.", "GR"),  # noqa: RUF001 - Greek, as a Greek company is written
    ("Șantierul Dunărea SRL", "RO"),
    (HOSTILE_NAMES[3], "US"),
    ("Kőszegi Órásműhely Kft.", "HU"),
    ("Õunaaia Lasteaed MTÜ", "EE"),
    ("Žalgirio Medienos UAB", "LT"),
    ("Peña, Ibáñez y Asociados S.L.P.", "ES"),
    ("O'Malley & Sons, Inc.", "US"),
    ("Gasthof zur Grünen Gans", "AT"),
    ("Officina Perù S.r.l.", "IT"),
    ("Kauppahalli Hämeenlinna Oy", "FI"),
    ("Đurđevac Voće d.o.o.", "HR"),
    ("Tucson Solar Cooperative", "US"),
    ("Zürcher Velokurier AG", "CH"),
    ("Maison Lefèvre-Brûlé SA", "LU"),
    ("Tal-Għolja Winery Ltd", "MT"),
    ("Puget Timber Works", "US"),
    ("Klinik am Weißen Stein gGmbH", "DE"),
    ("Gemeente Oud-Zuilenveen", "NL"),
    ("Fundación Niño Jesús", "ES"),
    ("Harbor City Public Library", "US"),
    ("Brouwerij 't Anker & Zn.", "BE"),
    ("Skógræktarfélag Norðurlands", "IS"),
    ("Clonmel Creamery DAC", "IE"),
)
_FIRST = ("Adler", "Birk", "Cedar", "Delta", "Ekeby", "Fjord", "Grand", "Heron", "Iris", "Juniper", "Krona", "Linde")
_SECOND = ("Logistik", "Medical", "Foods", "Optik", "Bouw", "Energi", "Print", "Textiel", "Consult", "Marine")
_FORMS = (("GmbH", "DE"), ("B.V.", "NL"), ("AB", "SE"), ("SAS", "FR"), ("ApS", "DK"), ("Oy", "FI"))


@dataclass(frozen=True, slots=True)
class Partner:
    """The reseller, as Microsoft knows it."""

    tenant_id: str
    name: str
    location_id: str


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer: its tenant, the currency Microsoft bills it in, and about how many people it has."""

    tenant_id: str
    name: str
    domain: str
    country: str
    currency: str
    people: int
    reseller_id: str


def stream(seed: int, purpose: str) -> random.Random:
    """Return a stream of numbers of its own for each purpose, so that one file's content never shifts another's."""
    return random.Random(f"{seed}/{purpose}")  # noqa: S311 - a made-up month needs repeatable numbers, not secret ones


def guid(numbers: random.Random) -> str:
    """Return the next identifier of the stream in Microsoft's usual form."""
    return str(uuid.UUID(int=numbers.getrandbits(128), version=4))


def token(numbers: random.Random, length: int, alphabet: str = "abcdef0123456789") -> str:
    """Return the next identifier of the stream made of letters and digits."""
    return "".join(numbers.choices(alphabet, k=length))


def make_partner(seed: int) -> Partner:
    """Return the reseller."""
    return Partner(guid(stream(seed, "partner")), "Voorbeeld Cloud Diensten B.V.", "6034453")


def make_customers(seed: int, count: int) -> list[Customer]:
    """Return *count* customers: the named ones first, a few of them large and most of them small.

    Raises:
        ValueError: fewer than 40, which leaves no customer for some of the month's events.
    """
    if count < CUSTOMERS_MIN:
        raise ValueError(f"a month of {count} customers is too small: give at least {CUSTOMERS_MIN}")
    numbers = stream(seed, "customers")
    return [_customer(numbers, index) for index in range(count)]


def _customer(numbers: random.Random, index: int) -> Customer:
    name, country = _NAMED[index] if index < len(_NAMED) else _coined(index - len(_NAMED))
    reseller = numbers.choice(("0", "0", "0", "6048879"))
    return Customer(
        tenant_id=guid(numbers),
        name=name,
        domain=f"{_slug(name, index)}.onmicrosoft.com",
        country=country,
        currency="USD" if country == "US" else "EUR",
        people=900 // (index + 1) + numbers.randint(2, 9),
        reseller_id=reseller,
    )


def _coined(index: int) -> tuple[str, str]:
    form, country = _FORMS[index % len(_FORMS)]
    number = index // (len(_FIRST) * len(_SECOND))
    name = f"{_FIRST[index % len(_FIRST)]} {_SECOND[index // len(_FIRST) % len(_SECOND)]}"
    return f"{name}{f' {number + 1}' if number else ''} {form}", country


def _slug(name: str, index: int) -> str:
    letters = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())
    return f"{letters[:14]}{index:02d}"
