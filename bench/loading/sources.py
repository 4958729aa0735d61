"""The plain clients by vendor."""

from loading.fastly_source import FASTLY
from loading.genesys_source import GENESYS_CLOUD

SOURCES = {"fastly": FASTLY, "genesys_cloud": GENESYS_CLOUD}
