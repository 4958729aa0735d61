"""Escape vendor text for a log, a message or a terminal, where control characters would take effect."""

MOST = 2000
"""Characters of one line; the whole text is in the database."""


def single_line(text: str, most: int = MOST) -> str:
    r"""
    Escape non-printable characters: line ends, ANSI sequences, bidirectional controls.

        "INV1\nERROR all is lost" -> r"INV1\nERROR all is lost", one line
    """
    cut = text[:most]
    if not cut.isprintable():
        cut = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in cut)[:most]
    return cut if len(text) <= most else f"{cut}…"
