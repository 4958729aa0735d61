"""What drawn customers may use: Fastly's own products, and invented ones with names that are hard to handle."""

from __future__ import annotations

from dataclasses import dataclass

from vendor_simulator.fastly.regions import V2_KEYS


@dataclass(frozen=True, slots=True)
class Product:
    """
    One product that may be used in one region.

    :param usage_type: empty for a flat monthly fee.
    :param scale: things counted in one billed unit, where the usage type does not say so.
    :param places: most decimals of its units.
    """

    name: str
    group: str
    region: str = ""
    usage_type: str = ""
    scale: int = 1
    places: int = 0


_DELIVERY = "Full-Site Delivery"
_LONG = "Managed Origin Shield with Dedicated Capacity, Premium Response and Extended Log Retention " * 3

PRODUCTS: tuple[Product, ...] = (
    *(Product(f"{region} Bandwidth", _DELIVERY, region, "bandwidth", places=6) for region in V2_KEYS),
    *(Product(f"{region} Requests", _DELIVERY, region, "requests", places=4) for region in V2_KEYS),
    *(
        Product("Delivery", "Delivery", region, word, places=3)
        for region in V2_KEYS
        for word in ("bandwidth", "requests")
    ),
    Product("Compute Requests", "Compute", "", "requests", places=2),
    Product("Compute Duration", "Compute", "", "compute_ms", 1_000, 3),
    Product("Image Optimizer", "Image Optimizer", "", "image_transforms", 1_000_000, 6),
    Product("Log Streaming", "Observability", "Global", "log_lines", 10_000, 1),
    Product("Object Storage", "Storage", "Europe", "gb_hours", 1, 2),
    Product("KV Store Class A Operations", "Storage", "", "operations", 1_000, 3),
    Product("Seats", "Platform", "", "seats"),
    Product("Next-Gen WAF", "Security"),
    Product("Platform TLS", "TLS"),
    Product("DDoS Protection", "DDoS"),
    Product("Enterprise Support", "Support"),
    Product("Shared TLS certificate", "Certificates"),
    Product("Übertragung – Größe «EU»", "Zustellung", "Europe", "bandwidth", places=2),
    Product("東京リージョン配信 ½", "配信", "Asia", "requests", places=4),
    Product("مرور البيانات 🚀", "توصيل", "Africa", "bandwidth", places=3),
    Product('Łódź — ‰ "quoted", l\'été & co.', "Ελλάδα", "Ευρώπη", "log_lines", 1_000),
    Product("Việt Nam: lưu lượng", "Châu Á", "Đông Nam Á", "bandwidth", places=1),
    Product("O'Reilly & Søns <b>Cache</b>; 100 %", "Other/Misc"),
    Product(_LONG.strip(), "Managed", "North America", "requests", places=4),
    Product("1", "2", "", "3", 10),
)
