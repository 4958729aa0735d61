"""
The simulator with many accounts: its ordinary accounts many times over, each copy with its own ids and credentials.

    python bench/many_accounts.py --accounts 200 serve|accounts|connections …

What follows the number is the simulator's own command line.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from vendor_simulator import seeded_random
from vendor_simulator.__main__ import main
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.world import FastlyWorld
from vendor_simulator.genesys_cloud.accounts import Contract, Organisation
from vendor_simulator.genesys_cloud.world import GenesysWorld
from vendor_simulator.world import World

FASTLY_SHARE = 0.6
T = TypeVar("T")


class ManyAccounts(World):
    """
    A world of ``count`` accounts, three in five of Fastly.

    :param count: of both vendors together.
    """

    def __init__(
        self, count: int, seed: int, readings: Mapping[str, str] | None = None, drawn: int = 0, *, errors: bool = True
    ) -> None:
        super().__init__(seed, readings, drawn, errors=errors)
        fastly = round(count * FASTLY_SHARE)
        self.of(FastlyWorld).accounts = copies(self.of(FastlyWorld).accounts, fastly, copy_account, seed)
        self.of(GenesysWorld).organisations = copies(
            self.of(GenesysWorld).organisations, count - fastly, copy_organisation, seed
        )


def copies(originals: Sequence[T], count: int, copy: Callable[[T, int, int], T], seed: int) -> tuple[T, ...]:
    """Return the originals, then copies of them in turn, until there are ``count``."""
    numbers = range(len(originals), count)
    more = (copy(originals[number % len(originals)], number + 1, seed) for number in numbers)
    return (*originals[:count], *more)


def copy_account(account: FastlyAccount, number: int, seed: int) -> FastlyAccount:
    name = f"{account.name}-{number}"
    return replace(
        account,
        name=name,
        number=number,
        customer_id=seeded_random.text(22, seed, "fastly customer", name),
        token=seeded_random.text(32, seed, "fastly token", name),
    )


def copy_organisation(organisation: Organisation, number: int, seed: int) -> Organisation:
    name = f"{organisation.name}-{number}"
    key = (seed, "genesys", name)
    return replace(
        organisation,
        name=name,
        number=number,
        organization_id=seeded_random.identifier(*key, "organisation"),
        client_id=seeded_random.identifier(*key, "client"),
        client_secret=seeded_random.text(43, *key, "secret"),
        contracts=tuple(copy_contract(each, name, number, key) for each in organisation.contracts),
    )


def copy_contract(contract: Contract, owner: str, owner_number: int, key: tuple[int, str, str]) -> Contract:
    return replace(
        contract,
        id=seeded_random.identifier(*key, "contract", contract.number),
        organisation=owner,
        organisation_number=owner_number,
        external_number=f"Q-{owner_number:03d}{contract.number:05d}",
    )


if __name__ == "__main__":
    if sys.argv[1:2] != ["--accounts"]:
        sys.exit(__doc__)
    wanted = int(sys.argv[2])
    sys.exit(main(sys.argv[3:], partial(ManyAccounts, wanted)))
