"""The tax engine the settings name, for the workers and for the doors that preview."""

from activities.adapters.tax_engine import HttpTaxEngine, open_tax_engine
from workers.settings import Settings


def tax_engine_of(settings: Settings) -> HttpTaxEngine | None:
    """Return the tax engine the settings name; without one the rules on record decide."""
    token = settings.tax_engine_token
    return open_tax_engine(
        settings.tax_engine_url,
        token.get_secret_value() if token else "",
        settings.tax_engine_timeout_seconds,
    )
