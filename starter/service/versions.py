"""Which quote versions of a deal count now, as the doors import it."""

from activities.versions import Offer, offer_of, version_of

__all__ = ["Offer", "offer_of", "version_of"]
