"""Which price book prices a quote: by name, currency, customer segment and day."""

from collections.abc import Sequence

from models.catalog import Catalog
from models.errors import InvalidInputError, Problem
from models.price_books import PriceBook
from models.price_request import PricingRequest
from models.written import nearest


def choose_price_book(catalog: Catalog, request: PricingRequest) -> PriceBook:
    """Return the named price book, else the only one in that currency in force on the day.

    A book of the customer's segment goes before those for everybody; a book of another segment is
    never chosen. Raises `InvalidInputError` if there is none, or more than one without a name.
    """
    name = request.price_book or (request.terms.price_book if request.terms else None)
    named = [book for book in catalog.price_books if name in {None, book.name}]
    open_to = [book for book in named if book.segment in {"", request.segment}]
    in_currency = [book for book in open_to if book.currency == request.book_currency]
    found = [book for book in in_currency if book.is_in_force_on(request.priced_on)]
    own = [book for book in found if book.segment]
    if len(own or found) == 1:
        return (own or found)[0]
    raise InvalidInputError(
        [_refusal(request, name, catalog, (named, open_to, in_currency, found))]
    )


def _refusal(
    request: PricingRequest,
    asked: str | None,
    catalog: Catalog,
    left: tuple[Sequence[PriceBook], Sequence[PriceBook], Sequence[PriceBook], Sequence[PriceBook]],
) -> Problem:
    """Say what the books that were left, one condition after the other, failed at."""
    named, open_to, in_currency, found = left
    currency, name = request.book_currency, f"price book {asked}" if asked else "price book"
    if not named and asked:
        reason = f"there is no {name}"
        remedy = nearest(asked, [book.name for book in catalog.price_books])
    elif named and not open_to:
        reason = f"{name} is for the segment {', '.join(sorted({b.segment for b in named}))}"
        remedy = "choose another, or change the customer's segment"
    elif not in_currency:
        reason = f"there is no {name} in {currency}"
        remedy = f"there is {', '.join(sorted({b.currency for b in open_to}))}" if open_to else ""
    elif not found:
        reason = f"no {name} in {currency} is in force on {request.priced_on}"
        remedy = f"there is {'; '.join(_window(book) for book in in_currency)}"
    else:
        reason = f"{len(found)} price books in {currency} are in force"
        remedy = f"name one of {', '.join(sorted(book.name for book in found))}"
    return Problem(field="price_book", reason=reason, remedy=remedy)


def _window(book: PriceBook) -> str:
    until = f" until before {book.valid_until}" if book.valid_until else ""
    return f"{book.name} from {book.valid_from}{until}"
