"""Contract: who signs an order form, and what its documents are called."""

from collections.abc import Sequence

from models.parties import Contact, Person

SIGNATORY = "signatory"
"""The title of our people, and the role of the customer's contact, who sign contracts."""

SIGNED = "-signed"
"""The end of the number of an order form's signed copy."""


def our_signer(people: Sequence[Person], seller: str) -> str:
    """Return who signs for us: the first signatory, else the seller's manager, else the seller."""
    holders = [person.id for person in people if SIGNATORY in person.titles]
    managers = [person.manager for person in people if person.id == seller and person.manager]
    return next(iter([*holders, *managers, seller]))


def customer_signer(contacts: Sequence[Contact]) -> str:
    """Return the mail address of the customer's signatory, else of the first contact, or ''."""
    holders = [contact.email for contact in contacts if contact.role == SIGNATORY]
    return next(iter([*holders, *(contact.email for contact in contacts)]), "")


def order_form_number(deal: str, version: int) -> str:
    """Return the number of a quote version's order form."""
    return f"OF-{deal}-{version}"
