"""Intents with what they mean, by decisions: what the reading is scored with."""

from pathlib import Path

FOLDER = Path(__file__).parent
CASES = sorted(FOLDER.glob("*.jsonl"))
# The company that the cases speak of: path, name and kind of each place.
WORLD = (
    ("meridian", "Meridian", "company"),
    ("meridian/platform", "Platform", "organization"),
    ("meridian/platform/gateway", "Gateway", "team"),
    ("meridian/payments", "Payments", "organization"),
    ("meridian/payments/ledger", "Ledger", "team"),
    ("meridian/payments/ledger/ledger-api", "ledger-api", "project"),
    ("meridian/payments/cards", "Cards", "team"),
    ("meridian/product", "Product", "organization"),
    ("meridian/product/mobile", "Mobile", "team"),
    ("meridian/product/web-shop", "Web Shop", "team"),
    ("meridian/data", "Data", "organization"),
    ("meridian/data/warehouse", "Data Warehouse", "team"),
)
