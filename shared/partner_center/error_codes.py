"""Microsoft's error codes: what each means, what cures it, and what a program does about it.

Every code of Microsoft's documented table stands here, with those that its later announcements added. An unknown code
is no problem: the HTTP status decides then (``answers``).

Not here: reading an answer (``answers``), waiting and repeating (``transport``).
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a program does about a code."""

    REFUSED = "refused"  # a person has to change something
    NOT_FOUND = "not found"
    BUSY = "busy"  # Microsoft works on it: ask again later, with a new request
    STALE = "stale"  # somebody changed it meanwhile: read again, reapply
    REFETCH = "refetch"  # the availability moved: read the availabilities again and repeat once
    DONE = "done"  # what was asked for is the case already
    FAILED = "failed"  # Microsoft's own failure: try again later
    MFA = "mfa"  # states of the connection, from here on
    AUDIENCE = "audience"
    ROLE = "role"
    CONDITIONAL_ACCESS = "conditional access"
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    NEEDS_USER = "needs user"  # the call is not there for app-only tokens


CONNECTION_KINDS = frozenset({Kind.MFA, Kind.AUDIENCE, Kind.ROLE, Kind.CONDITIONAL_ACCESS, Kind.TOKEN, Kind.NEEDS_USER})


@dataclass(frozen=True, slots=True)
class Code:
    """One code in our words: *meaning* and *cure* are whole sentences without Microsoft's placeholders."""

    kind: Kind
    meaning: str
    cure: str


def known(code: str) -> Code | None:
    """Return what is known of a code, None for an unknown one."""
    return _BY_CODE.get(code)


def is_done_already(code: str) -> bool:
    """Whether a refusal with this code says that what was asked for is the case already."""
    found = known(code)
    return found is not None and found.kind is Kind.DONE


_LATER = "Try again later."
_READ_AGAIN = "Read it again and check its id."
_INPUT = "Correct the value and send it again."
_OTHER_OFFER = "Choose another product or ask Microsoft why it is not for sale."
_ACCOUNT = "Check the customer's account in Partner Center."
_CREDIT = "Raise the credit limit with Microsoft, or order less."
_AZURE = "Give an active Azure subscription of this customer."
_TERM = "Choose a term and billing cycle that the product has."
_MIGRATION = "Change what the message names, or leave the subscription as it is until its term ends."
_TRANSITION = "Ask for the transition's eligibility again and choose a target that it names."
_TRANSFER = "Settle it with the other partner, then ask for the transfer again."
_REGISTRATION = "Fill in the organisation registration number in the format of the customer's country."
_SEATS = "Reduce seats within seven days of buying them, or at renewal."
_CANCEL = "Turn renewal off; the subscription then ends with its term."

_TABLE: tuple[tuple[Kind, str, tuple[tuple[str, str], ...]], ...] = (
    (
        Kind.NOT_FOUND,
        _READ_AGAIN,
        (
            ("1000", "There is no such thing."),
            ("2072", "The indirect provider is not valid as partner on record."),
            ("20000", "There is no such order; a new one may stay invisible for a quarter of an hour."),
            ("20002", "The customer is no customer of this partner (any more)."),
            ("20003", "There is no such subscription."),
            ("60002", "There is no such user."),
            ("60003", "There is no such tenant."),
            ("400013", "There is no such product."),
            ("400018", "There is no such SKU."),
            ("800007", "There is nothing on how it is provisioned."),
            ("800008", "There is no such cart, or it expired."),
            ("800015", "There is no such partner."),
            ("800037", "There is no such asset."),
            ("800038", "Nothing is known of the asset's coming charges."),
            ("800076", "The subscription has no history."),
            ("800111", "There is no Azure subscription with this entitlement."),
            ("900100", "There is no such transfer."),
            ("900106", "There is no such upgrade."),
            ("900122", "There is no such quote."),
            ("900140", "The directory subscriptions of the customer cannot be found."),
            ("900224", "There is no such migration."),
        ),
    ),
    (
        Kind.REFETCH,
        "Read the availabilities again and repeat with the new id.",
        (("400019", "The availability moved; its id changes without notice."),),
    ),
    (
        Kind.DONE,
        "Nothing needs to be done.",
        (
            ("600061", "The same confirmation of the customer agreement is there already."),
            ("600074", "No validation is on record for the customer, which counts as allowed."),
        ),
    ),
    (Kind.STALE, "Read it again and reapply the change.", (("2055", "It was changed since it was read."),)),
    (
        Kind.BUSY,
        "Ask again later, with a new request.",
        (
            ("800060", "The order is still being worked on."),
            ("800064", "The cart is being worked on by another request."),
            ("800082", "The subscription is not ready for a change yet."),
            ("900278", "An earlier change of the subscription is still under way, for up to 24 hours."),
        ),
    ),
    (
        Kind.MFA,
        "Consent again with an account that signs in with a second factor, and turn that factor on for it.",
        (
            ("900421", "The sign-in behind the token had no second factor."),
            ("10001", "The sign-in behind the token had no second factor."),
        ),
    ),
    (
        Kind.AUDIENCE,
        "Give the app the permission 'Microsoft Partner Center' and check the addresses in the settings.",
        (("900420", "The token was made for another service."),),
    ),
    (
        Kind.ROLE,
        "Give the account that consented the role Admin agent (or Billing admin and Sales agent), then consent again.",
        (
            ("900308", "The account that consented lacks a role that this needs."),
            ("900150", "The account's role does not allow this."),
        ),
    ),
    (
        Kind.CONDITIONAL_ACCESS,
        "Exclude the service account from the policy in Entra, or meet what the policy asks for, then consent again.",
        (("900309", "A Conditional Access policy blocks the account."),),
    ),
    (
        Kind.TOKEN,
        "Connect to Microsoft again, with an account that sees Partner Center.",
        (
            ("400", "Microsoft does not accept the token."),
            ("800001", "The request carried no token of the partner."),
            ("900316", "A token of the partner's is not accepted for licences of a customer."),
        ),
    ),
    (
        Kind.NEEDS_USER,
        "Connect to Microsoft with a person's consent; a token of the app alone is not accepted here.",
        (("900329", "The call is not there for a token of the app alone."),),
    ),
    (
        Kind.FAILED,
        _LATER,
        (
            ("0", "Microsoft failed without saying why."),
            ("800003", "Microsoft's service failed."),
            ("800005", "The order was not made."),
            ("800031", "The purchase system does not support it."),
            ("800083", "The availability contradicts itself on its quantities."),
            ("800084", "The duration is not supported."),
            ("800087", "Something is wrong with a line."),
            ("800094", "The subscription was not changed."),
            ("900103", "The transfer's order was not made."),
            ("900135", "The transfer was not begun."),
            ("900192", "Microsoft's service failed."),
            ("900225", "The migration failed unexpectedly."),
        ),
    ),
    (
        Kind.REFUSED,
        _INPUT,
        (
            ("2002", "The quantity is outside what the SKU allows."),
            ("2012", "The subscription's id cannot be told from a directory's id."),
            ("2054", "The billing cycle is changed with the order, not with the subscription."),
            ("2071", "The partner id is no advisor."),
            ("2100", "The product is in the new catalogue, not among the old offers."),
            ("3000", "A property is not valid."),
            ("27006", "The promotion or offer was used as often as it may be."),
            ("27007", "The promotion is not valid."),
            ("60012", "No licence is left to assign."),
            ("400041", "The add-on needs a base subscription."),
            ("600051", "The customer's telephone number is missing, which its country requires."),
            ("800002", "The request is not valid."),
            ("800004", "The offer is not valid."),
            ("800009", "Lines of the cart have errors of their own."),
            ("800010", "The item is not in stock."),
            ("800016", "The partner id is no valid indirect reseller."),
            ("800017", "The quantity is not available."),
            ("800018", "A limit of the sandbox is reached."),
            ("800029", "The add-on does not belong to that base subscription."),
            ("800036", "A condition for it is not met."),
            ("800040", "The asset cannot go from its state to that one."),
            ("800041", "It is activated already."),
            ("800042", "This is not supported."),
            ("800071", "There is no such line."),
            ("900102", "The transfer cannot be worked on."),
            ("900118", "The customer's id is not valid."),
            ("900125", "The advisor is missing."),
            ("900126", "A value is none of those allowed."),
            ("900127", "This is not there in this environment."),
            ("900136", "The e-mail or domain of the other partner is missing."),
            ("900141", "This is not supported."),
            ("900142", "The catalogue item's id is missing."),
            ("900143", "The availabilities of the product could not be had."),
            ("900144", "The id for provisioning is missing."),
            ("900147", "The domain is none of this partner's."),
            ("900169", "The currency is neither the partner's nor the customer's."),
            ("900203", "The line needs an attestation (attestationAccepted)."),
            ("900206", "The partner's attestation is missing (partnerOnRecordAttestationAccepted)."),
            ("900252", "A purchase order document is required."),
            ("900253", "A tender needs its link or its document."),
            ("900254", "The purchase order lacks data, such as price and currency."),
            ("900275", "The quantity is outside what the offer allows."),
            ("900312", "The scope in the provisioning context is not supported."),
            ("900313", "The Azure subscription is missing in the provisioning context."),
            ("900317", "The Azure plan is missing in the provisioning context."),
        ),
    ),
    (
        Kind.REFUSED,
        _OTHER_OFFER,
        (
            ("400072", "The item is not available."),
            ("2006", "The partner or the subscription is not valid for the offer."),
            ("2085", "The offer cannot be bought by this customer."),
            ("2091", "The offer is withdrawn."),
            ("4018", "The order cannot be worked on."),
            ("400030", "The segment is not allowed for this partner."),
            ("400036", "The view of the catalogue is not allowed for this partner."),
            ("800020", "The item cannot be bought."),
            ("800022", "The transaction needs Microsoft's consent."),
            ("800024", "The transaction is not allowed."),
            ("800026", "The transaction is not allowed."),
            ("800027", "Seats of the item cannot be added or removed."),
            ("800028", "The term is no longer for sale."),
            ("800062", "The transaction is not allowed."),
            ("800070", "The offer is not sold in that country."),
            ("800086", "The tenant lacks what the offer requires."),
            ("900322", "The item is not there in the sandbox."),
        ),
    ),
    (
        Kind.REFUSED,
        "Ask Microsoft to allow it, or act with an account that may.",
        (
            ("2030", "The partner may not sell in that country."),
            ("2032", "Access is denied."),
            ("800019", "Outside the sandbox only software can be cancelled this way."),
            ("800039", "The reseller's programme is not active."),
            ("800043", "The partner may not see prices."),
            ("800112", "Overage cannot be set, as the customer has legacy Azure subscriptions."),
            ("800114", "The partner may not manage this customer's overage."),
            ("800115", "Overage belongs to another tenant already."),
            ("900123", "The indirect reseller has not accepted the Microsoft Partner Agreement."),
            ("900124", "The partner has not accepted the Microsoft Partner Agreement."),
            ("900137", "The partner is not enabled for transfers."),
            ("900138", "The partner's national cloud is not supported for transfers."),
            ("900149", "The programme's status is not active."),
            ("900223", "The partner may not migrate subscriptions yet."),
            ("900321", "A savings plan is managed in the Azure portal."),
        ),
    ),
    (
        Kind.REFUSED,
        "Have the customer accept the Microsoft Customer Agreement, or attest that it did.",
        (("13605", "The customer has not accepted the Microsoft Customer Agreement."),),
    ),
    (
        Kind.REFUSED,
        _REGISTRATION,
        (
            ("600002", "A registration number is not asked for in the customer's country."),
            ("600049", "The organisation registration number is missing."),
            ("600050", "The organisation registration number is not valid."),
        ),
    ),
    (
        Kind.REFUSED,
        _CREDIT,
        (
            ("800023", "The credit line is too low for this purchase."),
            ("800025", "The credit line is too low for this purchase."),
            ("900121", "The credit limit is too low for this order."),
        ),
    ),
    (
        Kind.REFUSED,
        _ACCOUNT,
        (
            ("800069", "The order did not pass Microsoft's check of risks."),
            ("800073", "The customer's account is under review."),
            ("800074", "The customer's account is under review."),
            ("800075", "The customer's account was not approved."),
            ("900416", "The customer's account is locked."),
        ),
    ),
    (
        Kind.REFUSED,
        "Order less, or end what is no longer needed.",
        (
            ("800066", "The customer would have more subscriptions than allowed."),
            ("800067", "The subscription would have more seats than allowed."),
            ("800068", "The partner would have more Azure subscriptions than allowed."),
            ("800088", "The seats asked for are beyond what is left for the subscription."),
            ("800089", "The assets asked for are beyond what is left for the customer."),
            ("900116", "The sandbox has as many Azure plans as it may have."),
            ("900419", "The customer has as many subscriptions as it may have."),
        ),
    ),
    (
        Kind.REFUSED,
        "Bring the subscription into the state that the message names, then repeat.",
        (
            ("2001", "The quantity cannot change while the subscription is being suspended."),
            ("2011", "A deleted subscription cannot be changed."),
            ("6000", "The order holds a subscription that is not active."),
            ("27009", "An add-on cannot be active while its base is not."),
            ("800014", "A change of the order still waits."),
            ("800061", "The order cannot be cancelled."),
            ("800063", "The order cannot be cancelled; suspend its subscriptions instead."),
            ("800065", "The cart was checked out already."),
            ("800072", "The subscription is still being brought in line."),
            ("800077", "Seats of a service are cancelled with the subscription, not with the order."),
            ("800081", "The subscription has to be activated first."),
            ("800091", "A suspended subscription cannot be changed."),
            ("800096", "The status of this subscription cannot be changed."),
            ("900105", "Suspended Azure subscriptions cannot move to the Azure plan."),
            ("900115", "The Azure plan has active subscriptions and cannot be suspended."),
            ("900263", "The call is not there for legacy subscriptions."),
            ("900277", "The subscription is expiring and takes no more changes."),
            ("900279", "The subscription takes no more changes."),
            ("900280", "The subscription takes no changes at present."),
            ("900311", "The subscription was changed too many times."),
        ),
    ),
    (
        Kind.REFUSED,
        _SEATS,
        (
            ("800090", "The quantity cannot be reduced."),
            ("800092", "Seats of a subscription under Software Assurance cannot be added."),
            ("800095", "The seats of this subscription cannot be changed."),
            ("900214", "The window for reducing seats has passed."),
            ("900257", "The window for reducing seats has passed."),
        ),
    ),
    (
        Kind.REFUSED,
        _CANCEL,
        (
            ("900117", "The window for cancelling has passed."),
            ("900213", "The window for cancelling has passed."),
        ),
    ),
    (
        Kind.REFUSED,
        _TERM,
        (
            ("6001", "An offer of the order does not have that billing term."),
            ("800080", "The billing cycle of this subscription cannot be changed."),
            ("800085", "The billing cycle differs from the order's."),
            ("800093", "The subscription cannot renew by itself."),
            ("800097", "The billing cycle of this subscription cannot be changed."),
            ("800098", "The partner on record of this subscription cannot be changed."),
            ("800107", "A trial's term cannot be changed."),
            ("800121", "The term is not valid."),
            ("800122", "The new term cannot be shorter than the present one."),
            ("900242", "The custom end date matches no other subscription and no month's end."),
            ("900244", "A custom end date is for licences only."),
            ("900245", "The custom end date lies beyond the first term after renewal."),
            ("900246", "The custom end date matches no other subscription and no month's end."),
        ),
    ),
    (
        Kind.REFUSED,
        _AZURE,
        (
            ("800011", "This is no valid Azure subscription."),
            ("800012", "The Azure subscription is not active."),
            ("800013", "The Azure subscription is not enabled for reservations."),
            ("800021", "This is no valid subscription."),
            ("800030", "The Azure subscription is not registered."),
            ("900107", "The upgrade's Azure item was not found."),
            ("900108", "The customer has no Azure subscriptions to upgrade."),
            ("900109", "An upgrade is under way already."),
            ("900110", "The upgrade is completed already."),
            ("900111", "The upgrade belongs to another customer."),
            ("900112", "An Azure upgrade waits; nothing can be bought until it is done."),
            ("900113", "An Azure upgrade is under way; nothing can be bought until it is done."),
            ("900114", "An Azure upgrade failed; nothing can be bought until it is cured."),
            ("900119", "Azure Partner Shared Services cannot be upgraded."),
            ("900120", "The Azure upgrade cannot be worked on."),
            ("900128", "The service needs an Azure plan for its metered part."),
            ("900129", "The Azure plan was not found or has no active subscription."),
            ("900130", "Azure subscriptions bought just now cannot be moved yet."),
            ("900314", "The Azure subscription in the provisioning context is not active."),
            ("900315", "The product cannot be bought with that Azure subscription."),
            ("900318", "The Azure plan was not found or has no active subscription."),
            ("900323", "A savings plan takes its partner on record from the Azure plan."),
        ),
    ),
    (
        Kind.REFUSED,
        _TRANSITION,
        (
            ("900236", "The target of the transition ends before its source."),
            ("900258", "The target of the transition is not active."),
            ("900259", "The target of the transition is its source."),
            ("900260", "The target of the transition is another product than was asked for."),
            ("900261", "The target of the transition is not ready yet."),
            ("900267", "The target's term is shorter than the source's."),
            ("900268", "The target's term is not valid."),
            ("900269", "The target's billing cycle is not valid."),
            ("900270", "The target's billing cycle is longer than its term."),
        ),
    ),
    (
        Kind.REFUSED,
        _MIGRATION,
        (
            ("60000", "The migration of the customer's licences failed."),
            ("900215", "The subscription is not active and cannot be migrated."),
            ("900216", "The subscription is being worked on and cannot be migrated now."),
            ("900217", "The term ends within 24 hours; the subscription cannot be migrated now."),
            ("900218", "The subscription has a promotion and cannot be migrated."),
            ("900219", "The subscription has add-ons and cannot be migrated by itself."),
            ("900220", "There is no path of migration for this offer yet."),
            ("900221", "The subscription cannot be migrated."),
            ("900222", "The term and billing cycle are not there in new commerce."),
            ("900226", "The subscription is too young to be migrated."),
            ("900247", "The partner on record of the subscription is not valid."),
            ("900248", "Two add-ons of the migration are the same subscription."),
            ("900262", "Add-ons of the migration do not exist."),
            ("900291", "The custom end date lies beyond the first term."),
            ("900292", "The custom end date matches no other subscription and no month's end."),
        ),
    ),
    (
        Kind.REFUSED,
        _TRANSFER,
        (
            ("800078", "The transfer names a subscription that is not valid."),
            ("900101", "Another transfer is under way."),
            ("900104", "The transfer is being worked on by another request."),
            ("900131", "The customer has legacy Azure subscriptions; nothing can be transferred."),
            ("900132", "The Azure plan is not active; it cannot be transferred."),
            ("900133", "The customer has no Azure plan to transfer."),
            ("900134", "The Azure plan cannot be bought, so it cannot be transferred."),
            ("900139", "The transfer cannot be accepted with its Azure subscriptions."),
            ("900145", "Reservations stand in the way of the transfer."),
            ("900146", "Products of other publishers stand in the way of the transfer."),
            ("900148", "The transfer names this partner as its source."),
        ),
    ),
)

_BY_CODE = {code: Code(kind, meaning, cure) for kind, cure, codes in _TABLE for code, meaning in codes}
