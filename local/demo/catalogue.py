"""What the demo reseller sells: licences with Microsoft's prices, Azure meters, and everything else on an invoice.

Prices follow Microsoft's published pattern: the partner pays a share of the recommended price (ERP), a monthly-paid
annual commitment costs 5 % more, a monthly commitment 20 % more. Names of products are Microsoft's; identifiers have
Microsoft's form.

Not here: who buys what, and the reseller's own prices (see ``price_files``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from local.demo.arithmetic import half_up, times

PLANS = (
    ("P1M", "Monthly"),
    ("P1Y", "Monthly"),
    ("P1Y", "Annual"),
    ("P3Y", "Monthly"),
    ("P3Y", "Annual"),
    ("P3Y", "Triennial"),
)
TERM_MONTHS = {"P1M": 1, "P1Y": 12, "P3Y": 36}
PLAN_MONTHS = {"Monthly": 1, "Annual": 12, "Triennial": 36}
TERM_TEXT = {
    "P1M": "One-Month commitment for monthly/yearly billing",
    "P1Y": "One-Year commitment for monthly/yearly billing",
    "P3Y": "Three-Year commitment for monthly/yearly/triennial billing",
}
_MONTHLY_COMMITMENT, _MONTHLY_PAYMENT = Decimal("1.20"), Decimal("1.05")


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence-based product. *erp* is the recommended price per seat and month of an annual commitment."""

    title: str
    product_id: str
    sku_id: str
    erp: Mapping[str, Decimal]
    partner_share: Decimal = Decimal("0.80")
    is_addon: bool = False

    def recommended(self, term: str, plan: str, currency: str) -> Decimal:
        """Return the ERP of one seat for one charge cycle of the plan."""
        base = self.erp[currency]
        if plan == "Monthly":
            return half_up(times(base, _MONTHLY_COMMITMENT if term == "P1M" else _MONTHLY_PAYMENT))
        return times(base, PLAN_MONTHS[plan])

    def cost(self, term: str, plan: str, currency: str) -> Decimal:
        """Return what the partner pays for one seat and one charge cycle of the plan."""
        return half_up(times(self.recommended(term, plan, currency), self.partner_share))


def _erp(eur: str, usd: str) -> Mapping[str, Decimal]:
    return {"EUR": Decimal(eur), "USD": Decimal(usd)}


BASIC = Licence("Microsoft 365 Business Basic", "CFQ7TTC0LH18", "0001", _erp("5.60", "6.00"))
STANDARD = Licence("Microsoft 365 Business Standard", "CFQ7TTC0LDPB", "0001", _erp("11.70", "12.50"))
PREMIUM = Licence("Microsoft 365 Business Premium", "CFQ7TTC0LCHC", "0002", _erp("20.60", "22.00"))
E3 = Licence("Microsoft 365 E3", "CFQ7TTC0LFLX", "0001", _erp("35.70", "39.00"))
E5 = Licence("Microsoft 365 E5", "CFQ7TTC0LFLZ", "0002", _erp("55.70", "60.00"))
TEAMS = Licence("Microsoft Teams Enterprise", "CFQ7TTC0TM5E", "0001", _erp("4.90", "5.25"))
COPILOT = Licence(
    "Microsoft 365 Copilot", "CFQ7TTC0MM8R", "0002", _erp("28.10", "30.00"), Decimal("0.85"), is_addon=True
)
DEFENDER = Licence("Microsoft Defender for Business", "CFQ7TTC0DF0B", "0001", _erp("2.80", "3.00"), is_addon=True)
EXCHANGE = Licence("Exchange Online (Plan 1)", "CFQ7TTC0LH16", "0001", _erp("3.70", "4.00"))
POWER_BI = Licence("Power BI Pro", "CFQ7TTC0PB1P", "000H", _erp("13.10", "14.00"), Decimal("0.82"))
VISIO = Licence("Visio Plan 2", "CFQ7TTC0V1P2", "0003", _erp("14.00", "15.00"))

UNPRICED = VISIO
"""The one product that the reseller forgot to price: whoever buys it is parked."""

LICENCES = (BASIC, STANDARD, PREMIUM, E3, E5, TEAMS, COPILOT, DEFENDER, EXCHANGE, POWER_BI, VISIO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """Anything new-commerce that is neither a licence nor usage; *months* is 0 for what has no term."""

    title: str
    product_id: str
    sku_id: str
    price: Decimal
    pricing_currency: str = "USD"
    months: int = 12
    frequency: str = ""
    term_text: str = ""
    unit: str = "1 Hour"
    publisher: str = "Microsoft"
    publisher_id: str = ""


RESERVATION = Goods(
    title="Reserved VM Instance, Standard_D4s_v5, EU West, 1 Year",
    product_id="DZH318Z08RES",
    sku_id="00D4",
    price=Decimal("1104.36"),
    term_text="1 Year Reservation",
)
RESERVATION_MONTHLY = Goods(
    title="SQL Database Reserved vCore, Gen5, EU West, 3 Years",
    product_id="DZH318Z09SQL",
    sku_id="003G",
    price=Decimal("142.8791666667"),
    months=36,
    frequency="Monthly",
    term_text="3 Years Reservation",
)
SAVINGS_PLAN = Goods(
    title="Azure savings plan for compute, 1 Year",
    product_id="DZH318Z0CSP1",
    sku_id="0001",
    price=Decimal("365.00"),
    frequency="Monthly",
    term_text="1 Year Savings Plan",
)
MARKETPLACE = Goods(
    title="Nordlicht Mail Archive - Professional",
    product_id="DZH318Z0NMA7",
    sku_id="0004",
    price=Decimal("3.20"),
    months=1,
    frequency="Monthly",
    term_text="1 Month Subscription",
    unit="Licenses",
    publisher="Nordlicht Backup ApS",
    publisher_id="38503521",
)
SOFTWARE_SUBSCRIPTION = Goods(
    title="SQL Server Standard - 2 Core License Pack - 1 year",
    product_id="DG7GMGF0FKZV",
    sku_id="0003",
    price=Decimal("1198.00"),
    pricing_currency="EUR",
    term_text="1 Year Subscription",
    unit="Licenses",
)
PERPETUAL = Goods(
    title="Windows Server 2025 - 1 User CAL",
    product_id="DG7GMGF0PWHF",
    sku_id="0009",
    price=Decimal("38.40"),
    pricing_currency="EUR",
    months=0,
    unit="Licenses",
)
AZURE_CREDIT = Goods(
    title="Azure plan", product_id="DZH318Z0BPS6", sku_id="0001", price=Decimal("150.00"), months=0, unit="1"
)


@dataclass(frozen=True, slots=True)
class Meter:
    """An Azure meter in USD; *usage* says how much of it a resource uses in a day (see ``azure``)."""

    category: str
    subcategory: str
    sku: str
    name: str
    unit: str
    price: Decimal
    usage: str
    provider: str
    has_credit: bool = True

    @property
    def product(self) -> str:
        """The product as Microsoft names it."""
        return f"{self.subcategory} - {self.sku}"

    @property
    def description(self) -> str:
        """The meter as both usage files name it."""
        return f"{self.subcategory} - {self.sku} - {self.name}"


def _meters() -> tuple[Meter, ...]:
    rows = [line.split("|") for line in _METERS.strip().splitlines()]
    return tuple(
        Meter(category, subcategory, sku, name, unit, Decimal(price), usage, provider, sku != "D2s v5 Spot")
        for category, subcategory, sku, name, unit, price, usage, provider in rows
    )


_METERS = """
Virtual Machines|Virtual Machines Dsv5 Series|D2s v5|D2s v5|1 Hour|0.1154|hours|Microsoft.Compute/virtualMachines
Virtual Machines|Virtual Machines Dsv5 Series|D4s v5|D4s v5|1 Hour|0.2308|hours|Microsoft.Compute/virtualMachines
Virtual Machines|Virtual Machines Dsv5 Series|D2s v5 Spot|D2s v5 Spot|1 Hour|0.0138480|some|Microsoft.Compute/virtualMachines
Virtual Machines|Virtual Machines BS Series|B2ms|B2ms|1 Hour|0.0960001287|some|Microsoft.Compute/virtualMachines
Virtual Machines Licenses|Windows Server|2 vCPU VM License|2 vCPU VM License|1 Hour|0.092|hours|Microsoft.Compute/virtualMachines
Storage|Standard HDD Managed Disks|S10 LRS|S10 LRS Disk|1/Month|5.888|share|Microsoft.Compute/disks
Storage|Premium SSD Managed Disks|P10 LRS|P10 LRS Disk|1/Month|21.6804|share|Microsoft.Compute/disks
Storage|Tables|LRS|Data Stored (GB/Month)|1 GB/Month|0.045|share|Microsoft.Storage/storageAccounts
Storage|General Block Blob v2|Hot LRS|Hot LRS Write Operations|10K|0.0540|counted|Microsoft.Storage/storageAccounts
Storage|General Block Blob v2|Hot LRS Data|Hot LRS Data Stored|1 GB/Month|0.0196|share|Microsoft.Storage/storageAccounts
Bandwidth|Rtn Preference: MGN|Standard|Standard Data Transfer Out|1 GB|0.08|trickle|Microsoft.Network/publicIPAddresses
Bandwidth|Inter-Region|Intra Continent|Intra Continent Data Transfer Out|1 GB|0.0200000511991|trace|Microsoft.Network/publicIPAddresses
Virtual Network|IP Addresses|Standard|Standard IPv4 Static Public IP|1 Hour|0.005|hours|Microsoft.Network/publicIPAddresses
SQL Database|Single Standard|S2|S2 DTUs|1/Day|2.4192|one|Microsoft.Sql/servers
SQL Database|General Purpose - Compute Gen5|vCore|vCore|1 Hour|0.1518709677|some|Microsoft.Sql/servers
Azure App Service|Azure App Service Premium v3 Plan|P1 v3|P1 v3 App|1 Hour|0.169|hours|Microsoft.Web/serverfarms
Log Analytics|Log Analytics|Analytics Logs|Analytics Logs Data Ingestion|1 GB|2.99|trickle|Microsoft.OperationalInsights/workspaces
Backup|Backup|Standard|Azure VM Protected Instances|1/Month|10|share|Microsoft.RecoveryServices/vaults
Key Vault|Key Vault|Operations|Operations|10K|0.0300|counted|Microsoft.KeyVault/vaults
Azure Monitor|Azure Monitor|Alerts|Alerts Metrics Monitored|1/Month|0.1000|share|Microsoft.Insights/metricalerts
Functions|Functions|Standard|Standard Execution Time|10 GB Second|0.00016|counted|Microsoft.Web/sites
Container Registry|Container Registry|Basic|Basic Registry Unit|1/Day|0.1666|one|Microsoft.ContainerRegistry/registries
"""  # noqa: E501 - a table reads row by row

METERS = _meters()
CATEGORIES = tuple(dict.fromkeys(meter.category for meter in METERS))
