"""What the named customers of a population go through, so that every rule is seen at least once.

They are the stories of the demo month, told as what the customers did; what Microsoft bills follows. Days are days of
the month that the diary is about, clamped where it is shorter.

Not here: the ordinary year around them (``population``).
"""

from collections.abc import Callable, Sequence
from datetime import date

from local.demo import catalogue as goods
from local.demo.organisations import Customer
from local.partner_center.commerce import Commerce
from local.partner_center.diary import MONTHLY, YEARLY, YEARLY_MONTHLY, Diary

TRIAL = f"{goods.PREMIUM.product_id}:000F"
AZURE_PLAN = goods.AZURE_CREDIT
PROMOTION = "39NFJQT1PJQB:0001:39NFJQT1Q5KN"
PARKED, SPLIT_E5 = 26, 9
LEGACY_PLACES = (28, 29, 30)
SAVERS = (0, 3)
AZURE_CUSTOMERS = 20


def tell_stories(diary: Diary, customers: Sequence[Customer]) -> None:
    """Write all stories down.

    Args:
        diary: where to.
        customers: at least 31 billed in euro and one billed in dollar.
    """
    euro = [customer for customer in customers if customer.currency == "EUR"]
    dollar = [customer for customer in customers if customer.currency == "USD"]
    for place, story in enumerate(_EURO_STORIES):
        story(diary, euro[place])
    for place, story in enumerate(_DOLLAR_STORIES):
        story(diary, dollar[place % len(dollar)])
    diary.buy(euro[SPLIT_E5], goods.E5, diary.month.day(10, months=-2), 14)
    diary.buy(euro[PARKED], goods.UNPRICED, diary.month.day(9, months=-1), 3, MONTHLY)
    _use_azure(diary, [*euro[:AZURE_CUSTOMERS], dollar[0]])
    _buy_goods(diary, euro)
    _stay_on_old_contracts(diary, [euro[place] for place in LEGACY_PLACES])


def many_changes(diary: Diary, who: Customer) -> None:
    """Bought on the 5th with 10 seats, then 15, 25, 23, 20 and 30: eleven lines."""
    label = diary.buy(who, goods.STANDARD, diary.month.day(5), 10)
    for day, wanted in ((7, 15), (10, 25), (12, 23), (14, 20), (25, 30)):
        diary.seats(who, label, diary.month.day(day), wanted)


def shrinks_in_window(diary: Diary, who: Customer) -> None:
    """Twelve seats bought, four given back inside the seven days."""
    label = diary.buy(who, goods.PREMIUM, diary.month.day(18), 12)
    diary.seats(who, label, diary.month.day(20), 8)


def regrets_at_once(diary: Diary, who: Customer) -> None:
    """Cancelled within a day: refunded in full."""
    label = diary.buy(who, goods.POWER_BI, diary.month.day(14), 7)
    diary.do(who, diary.month.day(14), "cancel", subscription=label)


def regrets_later(diary: Diary, who: Customer) -> None:
    """Cancelled on the fourth day: that day and all after it are refunded."""
    label = diary.buy(who, goods.COPILOT, diary.month.day(6), 11, YEARLY)
    diary.do(who, diary.month.day(10), "cancel", subscription=label)


def tries(diary: Diary, who: Customer) -> None:
    """A trial of 25 seats that runs on."""
    diary.do(who, diary.month.day(21), "start-trial", product=TRIAL, **{"as": diary.label(who)})


def tries_and_buys(diary: Diary, who: Customer) -> None:
    """A trial that becomes a paid subscription on the same day."""
    label, day = diary.label(who), diary.month.day(16)
    diary.do(who, day, "start-trial", product=TRIAL, **{"as": label})
    diary.do(who, day, "convert-trial", subscription=label, quantity=25)


def has_promotion(diary: Diary, who: Customer) -> None:
    """Ten percent off the partner's price for the first term; seats added later have it too."""
    on = diary.month.day(8, months=-3)
    label = diary.buy(who, goods.PREMIUM, on, 40, YEARLY_MONTHLY, **_promotion(on))
    diary.seats(who, label, diary.month.day(19), 55)


def buys_with_promotion(diary: Diary, who: Customer) -> None:
    """A new subscription with the promotion."""
    on = diary.month.day(2)
    diary.buy(who, goods.PREMIUM, on, 50, YEARLY_MONTHLY, **_promotion(on))


def _promotion(on: date) -> dict[str, str]:
    """The promotion, on the days on which Microsoft has it."""
    has_it = any(each.id == PROMOTION and each.first_on <= on <= each.last_on for each in Commerce().promotions)
    return {"promotion": PROMOTION} if has_it else {}


def aligns_to_month_end(diary: Diary, who: Customer) -> None:
    """Bought on the 12th and aligned to calendar months: a first short cycle to the end of this month."""
    end = diary.month.day(31, months=11)
    diary.buy(who, goods.BASIC, diary.month.day(12), 35, ends_on=end.isoformat())


def has_month_end_anchors(diary: Diary, who: Customer) -> None:
    """Subscriptions bought on a 29th, 30th and 31st: short months clamp their cycles; seats change in the month."""
    for anchor, licence in ((29, goods.EXCHANGE), (30, goods.TEAMS), (31, goods.STANDARD)):
        back = next(back for back in range(2, 12) if diary.month.day(31, months=-back).day >= anchor)
        label = diary.buy(who, licence, diary.month.day(anchor, months=-back), 20)
        diary.seats(who, label, diary.month.day(11), 24)


def grows_on_annual_plan(diary: Diary, who: Customer) -> None:
    """Seats added to a year paid upfront: charged to the end of the year."""
    label = diary.buy(who, goods.E3, diary.month.day(17, months=-7), 60, YEARLY)
    diary.seats(who, label, diary.month.day(13), 72)


def upgrades(diary: Diary, who: Customer) -> None:
    """All seats move up a product in the middle of a cycle."""
    label = diary.buy(who, goods.BASIC, diary.month.day(4, months=-5), 18)
    premium = f"{goods.PREMIUM.product_id}:{goods.PREMIUM.sku_id}"
    diary.do(who, diary.month.day(22), "upgrade", subscription=label, product=premium)


def pays_monthly_now(diary: Diary, who: Customer) -> None:
    """A three-year commitment goes from annual to monthly payment after its first year."""
    label = diary.buy(who, goods.E5, diary.month.day(20, months=-12), 10, ("P3Y", "Annual"))
    diary.do(who, diary.month.day(2), "change-plan", subscription=label, cycle="monthly")


def moves_seats(diary: Diary, who: Customer) -> None:
    """Seats move into a subscription that exists already."""
    source = diary.buy(who, goods.STANDARD, diary.month.day(3, months=-4), 30)
    target = diary.buy(who, goods.PREMIUM, diary.month.day(3, months=-4), 5)
    diary.do(who, diary.month.day(23), "move-seats", subscription=source, to=target, quantity=12)


def pays_three_years(diary: Diary, who: Customer) -> None:
    """Three years bought and paid at once."""
    diary.buy(who, goods.DEFENDER, diary.month.day(1), 15, ("P3Y", "Triennial"))


def renews_year(diary: Diary, who: Customer) -> None:
    """A year paid upfront renews, and three seats fewer are kept within the window."""
    label = diary.buy(who, goods.PREMIUM, diary.month.day(15, months=-12), 28, YEARLY)
    diary.seats(who, label, diary.month.day(18), 25)


def _use_azure(diary: Diary, customers: Sequence[Customer]) -> None:
    """Azure plans since two months; large customers have a second Azure subscription."""
    begins = diary.month.day(1, months=-2)
    for who in customers:
        label = diary.buy(who, AZURE_PLAN, begins, 1, ("", ""))
        if who.people > 100:
            name = f"{who.domain.split('.')[0]}-dev"
            diary.do(who, begins, "add-azure-subscription", subscription=label, name=name)
        if who is customers[5]:
            diary.do(who, diary.month.day(28), "give-credit", subscription=label, amount=150)


def _buy_goods(diary: Diary, euro: Sequence[Customer]) -> None:
    """Reservations, savings plans, a marketplace's subscription, software, and one order with two equal items."""
    month = diary.month
    for place in SAVERS:
        diary.buy(euro[place], goods.SAVINGS_PLAN, month.day(20, months=-2), 1, YEARLY_MONTHLY)
    diary.buy(euro[1], goods.RESERVATION, month.day(7), 2, ("P1Y", "one_time"))
    diary.buy(euro[0], goods.RESERVATION_MONTHLY, month.day(25, months=-9), 4, ("P3Y", "Monthly"))
    diary.buy(euro[2], goods.MARKETPLACE, month.day(11, months=-1), 64, MONTHLY)
    diary.buy(euro[4], goods.SOFTWARE_SUBSCRIPTION, month.day(19), 2, YEARLY)
    for _ in range(2):
        diary.buy(euro[8], goods.PERPETUAL, month.day(24), 5, ("", ""))


def _stay_on_old_contracts(diary: Diary, customers: Sequence[Customer]) -> None:
    """Old offers: seats that change in the cycle, a year, a cancellation; and Azure of the old kind."""
    month = diary.month
    seats, plain, changing = customers
    office = _old(diary, seats, "Office 365 Business Premium", -5, 20)
    diary.seats(seats, office, month.day(25, months=-1), 26)
    _old(diary, seats, "Exchange Online (Plan 1)", -9, 31)
    _old(diary, plain, "Exchange Online (Plan 1)", -2, 8)
    _old(diary, plain, "Office 365 E3", -8, 4, "annual")
    leaving = _old(diary, changing, "Office 365 E1", -7, 6)
    diary.do(changing, month.day(27, months=-1), "cancel", subscription=leaving)
    _old(diary, changing, "Office 365 Business Premium", -12, 9)
    for who in customers[:2]:
        diary.do(who, month.day(15, months=-6), "buy-legacy", offer="MS-AZR-0145P", quantity=1)


def _old(diary: Diary, who: Customer, offer: str, months: int, quantity: int, cycle: str = "monthly") -> str:
    label, on = diary.label(who), diary.month.day(15, months=months)
    diary.do(who, on, "buy-legacy", offer=offer, quantity=quantity, cycle=cycle, **{"as": label})
    return label


Story = Callable[[Diary, Customer], None]
_EURO_STORIES: tuple[Story, ...] = (
    grows_on_annual_plan,
    many_changes,
    shrinks_in_window,
    regrets_at_once,
    regrets_later,
    tries,
    tries_and_buys,
    has_promotion,
    buys_with_promotion,
    aligns_to_month_end,
    has_month_end_anchors,
    upgrades,
    pays_monthly_now,
    moves_seats,
    pays_three_years,
    renews_year,
)
_DOLLAR_STORIES: tuple[Story, ...] = (
    has_promotion,
    many_changes,
    shrinks_in_window,
    regrets_later,
    tries,
    renews_year,
    grows_on_annual_plan,
)
