"""What is in the demo month: its customers, its stories, its totals, and that it is always the same."""

import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from local.demo.month import write_month
from tests_demo import DemoMonth, Rows

HOSTILE = {
    '=HYPERLINK("http://evil.example","Click")',
    "+SUM(A1:A9)",
    "<script>alert(1)</script> GmbH",
    "@cmd|' /C calc'!A0",
    "..\\..\\etc ltd",
}
NEW_COMMERCE_TYPES = {
    "new",
    "renew",
    "cycleCharge",
    "addQuantity",
    "removeQuantity",
    "moveQuantity",
    "convert",
    "cancelImmediate",
    "changeBillingPlan",
    "customerCredit",
    "extendTerm",
}
