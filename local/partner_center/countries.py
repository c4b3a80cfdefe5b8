"""What Microsoft demands of a customer's address and identity, per country, and the verdict on an address.

The rules of the United States are as recorded from Microsoft; the others have the same shape with the country's own
postal code, calling code, languages and registration number. A country that is not here is not sold to.

Not here: HTTP, what a refusal looks like (``calls.validations``, ``customers_making``).
"""

import re
from dataclasses import dataclass

from local.partner_center.entities import Json


def _codes(codes: str) -> tuple[str, ...]:
    return tuple(codes.split())


STATES_US = _codes(
    "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK "
    "OR PA RI SC SD TN TX UT VA VT WA WI WV WY"
)
STATES_IN = _codes(
    "AN AP AR AS BR CG CH DD DH DL GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OR PB PY RJ SK TG TN TR UK UP WB"
)
STATES_BR = _codes("AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO")
STATES_CA = _codes("AB BC MB NB NL NS NT NU ON PE QC SK YT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """The rules of one country. *registration* is the pattern of the organisation's number; "" means none is taken."""

    code: str
    currency: str
    cultures: tuple[str, ...]
    postal: str
    calling: str
    states: tuple[str, ...] = ()
    enforces_state: bool = False
    vat: str = ""
    registration: str = ""
    registration_sample: str = ""
    needs_phone: bool = False
    takes_tax_id: bool = False

    @property
    def languages(self) -> list[str]:
        """The languages of the cultures, each once."""
        return sorted({culture.split("-")[0] for culture in self.cultures})


def _country(code: str, currency: str, cultures: str, postal: str, calling: str, vat: str = "") -> Country:
    return Country(
        code=code, currency=currency, cultures=tuple(cultures.split()), postal=postal, calling=calling, vat=vat
    )


_PLAIN = (
    _country("NL", "EUR", "nl-NL en-US", r"^\d{4}\s?[A-Za-z]{2}$", "31", r"^NL\d{9}B\d{2}$"),
    _country("SE", "SEK", "sv-SE en-US", r"^\d{3}\s?\d{2}$", "46", r"^SE\d{12}$"),
    _country("DE", "EUR", "de-DE en-US", r"^\d{5}$", "49", r"^DE\d{9}$"),
    _country("GB", "GBP", "en-GB", r"^[A-Za-z]{1,2}\d[A-Za-z\d]?\s?\d[A-Za-z]{2}$", "44", r"^GB(\d{9}|\d{12})$"),
    _country("FR", "EUR", "fr-FR en-US", r"^\d{5}$", "33", r"^FR[A-Z\d]{2}\d{9}$"),
    _country("BE", "EUR", "nl-BE fr-BE en-US", r"^\d{4}$", "32", r"^BE[01]\d{9}$"),
    _country(
        "IE", "EUR", "en-IE en-US", r"^[A-Za-z]\d[\dWw]\s?[A-Za-z\d]{4}$", "353", r"^IE\d[A-Z\d+*]\d{5}[A-Z]{1,2}$"
    ),
    _country("ES", "EUR", "es-ES en-US", r"^\d{5}$", "34", r"^ES[A-Z\d]\d{7}[A-Z\d]$"),
    _country("IT", "EUR", "it-IT en-US", r"^\d{5}$", "39", r"^IT\d{11}$"),
    _country("DK", "DKK", "da-DK en-US", r"^\d{4}$", "45", r"^DK\d{8}$"),
    _country("NO", "NOK", "nb-NO en-US", r"^\d{4}$", "47", r"^(NO)?\d{9}(MVA)?$"),
    _country("FI", "EUR", "fi-FI sv-FI en-US", r"^\d{5}$", "358", r"^FI\d{8}$"),
    _country(
        "CH", "CHF", "de-CH fr-CH it-CH en-US", r"^\d{4}$", "41", r"^CHE-?\d{3}\.?\d{3}\.?\d{3}( ?(MWST|TVA|IVA))?$"
    ),
    _country("AT", "EUR", "de-AT en-US", r"^\d{4}$", "43", r"^ATU\d{8}$"),
    _country("PT", "EUR", "pt-PT en-US", r"^\d{4}-\d{3}$", "351", r"^PT\d{9}$"),
    _country("LU", "EUR", "fr-LU de-LU en-US", r"^(L-)?\d{4}$", "352", r"^LU\d{8}$"),
    _country("CZ", "EUR", "cs-CZ en-US", r"^\d{3}\s?\d{2}$", "420", r"^CZ\d{8,10}$"),
    _country("EE", "EUR", "et-EE en-US", r"^\d{5}$", "372", r"^EE\d{9}$"),
    _country("GR", "EUR", "el-GR en-US", r"^\d{3}\s?\d{2}$", "30", r"^EL\d{9}$"),
    _country("HR", "EUR", "hr-HR en-US", r"^\d{5}$", "385", r"^HR\d{11}$"),
    _country("IS", "EUR", "is-IS en-US", r"^\d{3}$", "354"),
    _country("LT", "EUR", "lt-LT en-US", r"^(LT-)?\d{5}$", "370", r"^LT(\d{9}|\d{12})$"),
    _country("MT", "EUR", "mt-MT en-US", r"^[A-Za-z]{3}\s?\d{4}$", "356", r"^MT\d{8}$"),
    _country("RO", "EUR", "ro-RO en-US", r"^\d{6}$", "40", r"^RO\d{2,10}$"),
    _country("AU", "AUD", "en-AU", r"^\d{4}$", "61"),
    _country("NZ", "NZD", "en-NZ", r"^\d{4}$", "64"),
    _country("JP", "JPY", "ja-JP en-US", r"^\d{3}-?\d{4}$", "81"),
)
_US = Country(
    code="US",
    currency="USD",
    cultures=("en-US", "es-US"),
    postal=r"^\d{5}(-\d{4})?$",
    calling="1",
    states=STATES_US,
    enforces_state=True,
    takes_tax_id=True,
)
_PARTICULAR = (
    _US,
    Country(
        code="CA",
        currency="CAD",
        cultures=("en-CA", "fr-CA"),
        postal=r"^[A-Za-z]\d[A-Za-z][ -]?\d[A-Za-z]\d$",
        calling="1",
        states=STATES_CA,
        enforces_state=True,
    ),
    Country(
        code="PL",
        currency="PLN",
        cultures=("pl-PL", "en-US"),
        postal=r"^\d{2}-\d{3}$",
        calling="48",
        vat=r"^PL\d{10}$",
        registration=r"^\d{10}$",
        registration_sample="5252344078",
        needs_phone=True,
    ),
    Country(
        code="BR",
        currency="BRL",
        cultures=("pt-BR", "en-US"),
        postal=r"^\d{5}-?\d{3}$",
        calling="55",
        states=STATES_BR,
        registration=r"^(\d{14}|\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2})$",
        registration_sample="60316817000103",
        needs_phone=True,
    ),
    Country(
        code="IN",
        currency="INR",
        cultures=("en-IN", "hi-IN"),
        postal=r"^\d{6}$",
        calling="91",
        states=STATES_IN,
        registration=r"^[A-Z]{5}\d{4}[A-Z]$",
        registration_sample="AAACM5586C",
        needs_phone=True,
    ),
    Country(
        code="HU",
        currency="HUF",
        cultures=("hu-HU", "en-US"),
        postal=r"^\d{4}$",
        calling="36",
        vat=r"^HU\d{8}$",
        registration=r"^\d{8}-?\d-?\d{2}$",
        registration_sample="10773381244",
        needs_phone=True,
    ),
    Country(
        code="ZA",
        currency="ZAR",
        cultures=("en-ZA",),
        postal=r"^\d{4}$",
        calling="27",
        registration=r"^\d{4}/\d{6}/\d{2}$",
        registration_sample="1992/007258/07",
        needs_phone=True,
    ),
)
COUNTRIES = {country.code: country for country in (*_PARTICULAR, *_PLAIN)}
_PHONE = r"^\+?[\d \-\/\.\(\)]{6,20}$"
_PHONE_US = r"^(1[ \-\/\.]?)?(\((\d{3})\)|(\d{3}))[ \-\/\.]?(\d{3})[ \-\/\.]?(\d{4})$"


def rules_of(country: Country) -> Json:
    """Return the country's rules as Microsoft's JSON, absent patterns left out."""
    has_registration = bool(country.registration)
    return {
        "iso2Code": country.code,
        "defaultCulture": country.cultures[0],
        "isStateRequired": country.enforces_state,
        "supportedStatesList": list(country.states),
        "supportedLanguagesList": country.languages,
        "supportedCulturesList": list(country.cultures),
        "isPostalCodeRequired": True,
        "postalCodeRegex": country.postal,
        "isCityRequired": True,
        "isVatIdSupported": bool(country.vat),
        "vatIdRegex": country.vat or None,
        "phoneNumberRegex": _PHONE_US if country.code == "US" else _PHONE,
        "isTaxIdSupported": country.takes_tax_id,
        "isTaxIdOptional": True,
        "customerOrganizationRegistrationNumberRegex": country.registration or None,
        "customerOrganizationRegistrationNumberSample": country.registration_sample or None,
        "customerOrganizationRegistrationNumberRequired": has_registration,
        "customerOrganizationPhoneNumberRequired": country.needs_phone,
        "countryCallingCodesList": [country.calling],
        "attributes": {"objectType": "CountryValidationRules"},
    }


def wrong_with(address: Json) -> str:
    """Return the name of the first part of *address* that breaks its country's rules, "" where none does."""
    country = COUNTRIES.get(str(address.get("country", "")).upper())
    if country is None:
        return "country"
    for part in ("addressLine1", "city"):
        if not str(address.get(part) or "").strip():
            return part
    if country.enforces_state and str(address.get("state") or "").upper() not in country.states:
        return "state"
    if not re.match(country.postal, str(address.get("postalCode") or "").strip()):
        return "postalCode"
    return ""


_NUMBER = re.compile(r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten)\b", re.IGNORECASE)


def verdict(address: Json) -> tuple[str, list[Json]]:
    """Return Microsoft's status for an address and the addresses it suggests.

    A street without a number is known in part only, a tower without a floor or suite too, two spaces in the city
    need a person's eye, and a wrong state, city or postal code finds nothing.
    """
    wrong = wrong_with(address)
    if wrong:
        return ("NotValidated" if wrong == "country" else "None"), []
    street, city = str(address["addressLine1"]), str(address["city"])
    if not _NUMBER.search(street):
        return "StreetPartial", []
    if re.search(r"\btower\b", street, re.IGNORECASE) and not address.get("addressLine2"):
        return "PremisesPartial", []
    suggestion = {**address, "postalCode": _long_postal_code(address)}
    if "  " in city:
        return "InteractionRequired", [{**suggestion, "city": " ".join(city.split())}]
    if re.search(r"\b(or|and)\b", street, re.IGNORECASE):
        parts = re.split(r"\s+(?:or|and)\s+", street, flags=re.IGNORECASE)
        return "Multiple", [{**suggestion, "addressLine1": part} for part in parts]
    return "VerifiedShippable", [suggestion]


def _long_postal_code(address: Json) -> str:
    code = str(address["postalCode"]).strip()
    if str(address["country"]).upper() == "US" and re.fullmatch(r"\d{5}", code):
        return f"{code}-{sum(map(ord, str(address['addressLine1']))) % 9000 + 1000}"
    return code.upper()
