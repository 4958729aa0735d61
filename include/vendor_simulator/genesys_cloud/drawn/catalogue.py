"""Products of the drawn organisations: known and invented, long names, and names in other scripts."""

from __future__ import annotations

from vendor_simulator import seeded_random
from vendor_simulator.genesys_cloud.accounts import Product

SEATS: tuple[tuple[str, str], ...] = (
    ("Genesys Cloud CX 1", "GC-170-NV-CX1"),
    ("Genesys Cloud CX 3", "GC-170-NV-CX3"),
    ("Genesys Cloud CX 2 – Größe „Zürich“", "GC-170-NV-CX2Z"),
    ("Agente en línea, sesión única", "GC-170-NV-AGL"),
    (f"Workforce engagement management {'for regulated industries ' * 6}".strip(), "GC-170-NV-WEM-REG"),
)
COUNTED: tuple[tuple[str, str, str], ...] = (
    ("API requests", "GC-170-NV-APIREQ", "Each"),
    ("Voice transcription", "GC-170-NV-VTRX", "Minute"),
    ("Messages – Überseekanäle", "GC-170-NV-MSGO", "Message"),
    ("音声分析", "GC-170-NV-ONSEI", "Interaction"),
    ("Text to speech", "GC-170-NV-TTS", "Character"),
    ("Bot turns", "GC-170-NV-BOT", "Turn"),
    ("Predictive events", "GC-170-NV-PEV", "Event"),
)
STORAGE: tuple[tuple[str, str], ...] = (
    ("Data storage", "GC-170-NV-STORAGE"),
    ("Enregistrements archivés", "GC-170-NV-ARCH"),
)
TOKENS: tuple[tuple[str, str], ...] = (
    ("AI Experience tokens", "GC-170-NV-AITC"),
    ("AI Agent tokens", "GC-170-NV-AGTC"),
)
TOKEN_USES: tuple[tuple[str, str, str], ...] = (
    ("Agent Copilot", "GC-170-NV-COPILOT", "Interaction"),
    ("Virtual Agent – Français", "GC-170-NV-VA", "Conversation"),
    ("Knowledge summaries", "GC-170-NV-SUM", "Summary"),
)
_GROUPINGS = {"User": "user-license", "GB": "storage", "Token": "rollup-usage", "Message": "messaging-usage"}
_MEASURES = {"User": "seat", "Each": "each", "GB": "gigabyte", "Token": "token", "Minute": "minute"}


def product(name: str, sku: str, unit: str) -> Product:
    """Return a product; it has the same id in every contract."""
    grouping, measure = _GROUPINGS.get(unit, "resource"), _MEASURES.get(unit, unit.lower())
    return Product(seeded_random.identifier("product", sku), sku, name, unit, grouping, measure)
