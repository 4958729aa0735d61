"""
Create the roles of the billing database by ``roles.sql``, without psql.

    python -m billing.storage.roles postgresql+psycopg2://administrator:password@host/billing
"""

from __future__ import annotations

import os
import sys
from importlib.resources import files

from sqlalchemy.exc import SQLAlchemyError

from billing.storage.engine import engine_from_url

URL_VARIABLE = "TIEOUT_ADMINISTRATOR_URL"


def create_roles(url: str) -> None:
    """Run ``roles.sql`` in the database of that URL, in one transaction; existing roles are kept."""
    statements = files(__package__).joinpath("roles.sql").read_text(encoding="utf-8")
    with engine_from_url(url).begin() as connection:
        connection.connection.cursor().execute(statements)  # without values: a % in it is a %


def main() -> None:
    """Create the roles in the database named on the command line or, so that no password shows, in the variable."""
    url = sys.argv[1] if len(sys.argv) > 1 else os.environ.get(URL_VARIABLE)
    if not url:
        sys.exit(f"give the database's URL, with an administrator's login, as the argument or in {URL_VARIABLE}")
    try:
        create_roles(url)
    except SQLAlchemyError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
