"""A text for a log, a message or a terminal: it may hold a vendor's words, and a vendor's words must not act there."""

MOST = 2000
"""Characters of one line; who wants the whole text reads it in the database."""


def single_line(text: str, most: int = MOST) -> str:
    r"""
    Escape whatever is not printed: line ends, ANSI sequences, signs that turn the direction of writing.

        "INV1\nERROR all is lost" -> r"INV1\nERROR all is lost", one line
    """
    cut = text[:most]
    if not cut.isprintable():
        cut = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in cut)[:most]
    return cut if len(text) <= most else f"{cut}…"
