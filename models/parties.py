"""Who sells and who buys: recorded once, referenced by number everywhere else.

What an invoice must say about both parties (EU VAT Directive 2006/112/EC art. 226) is asked for
when a party is recorded, not when its first invoice is due.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from zoneinfo import available_timezones

from models.branding import Brand, brand_problems
from models.certificates import TaxCertificate, certificate_problems
from models.countries import EU_COUNTRIES, is_country, vat_prefix
from models.currencies import is_currency
from models.einvoice_settings import (
    EInvoiceFormat,
    EInvoiceUse,
    ElectronicAddress,
    address_problems,
    format_problems,
)
from models.errors import Problem
from models.reading import FieldRule, is_filled, read, text_at, value_at, within
from models.value import Value
from models.withholding import Withholding, withholding_problems
from models.words import LANGUAGES, spoken
from models.written import NUMBERS_AS_TEXT


class Address(Value):
    """A postal address; `country` is ISO 3166-1 alpha-2, `region` the state or province code."""

    line1: str
    line2: str = ""
    postal_code: str = ""
    city: str
    region: str = ""
    country: str


class TaxRounding(StrEnum):
    """Where tax is rounded: per category total (EN 16931 BR-CO-17) or per line."""

    CATEGORY = "category"
    LINE = "line"


class PriceRounding(StrEnum):
    """What of a price is rounded to the minor unit: each line, or the sum of an order's lines.

    Of an order, the lines of one kind of billing are rounded together, so that an invoice comes to
    the rounded exact sum; the lines share what is left over by largest remainder.
    """

    LINE = "line"
    ORDER = "order"


class BankAccount(Value):
    """Where customers pay to. `account` is an IBAN where there is one."""

    holder: str
    bank: str
    account: str
    bic: str = ""
    routing: str = ""


class Entity(Value):
    """One of our own companies: the seller on every document.

    `language` is the one its people read, and its customers whose own is not known. `e_invoice`
    says whether its invoices carry their content as XML, `electronic_address` is its own in a
    network of structured documents. `may_void` says whether an invoice nobody got may be made void
    (None: as in its country). For `grace_days` its invoices are drafts before they are issued.
    """

    number: str
    legal_name: str
    address: Address
    tax_id: str
    vat_id: str = ""
    registration: str = ""
    email: str
    bank: BankAccount
    currency: str
    time_zone: str
    tax_rounding: TaxRounding = TaxRounding.CATEGORY
    price_rounding: PriceRounding = PriceRounding.LINE
    number_prefix: str = ""
    language: str = "en"
    brand: Brand = Brand()
    may_void: bool | None = None
    grace_days: int = 0
    e_invoice: EInvoiceUse = EInvoiceUse.AUTO
    electronic_address: ElectronicAddress | None = None

    @property
    def embeds_xml(self) -> bool:
        """Whether the invoices of this entity are Factur-X: PDFs that carry their content."""
        if self.e_invoice is EInvoiceUse.AUTO:
            return self.address.country in EU_COUNTRIES
        return self.e_invoice is EInvoiceUse.ALWAYS


class CustomerStatus(StrEnum):
    """Whether the law treats the buyer as a business or a consumer."""

    BUSINESS = "business"
    CONSUMER = "consumer"


class Contact(Value):
    """A person at the customer."""

    name: str
    email: str
    role: str = "buyer"


class Customer(Value):
    """The party we sell to and bill; without a `language` it is written to in the entity's.

    `tax_exemption` exempts without end; a certificate of `tax_certificates` while it is valid.
    `withholding` is tax it keeps back of what it pays us.
    `e_invoice_format` is the structured format it asks for, `e_invoice_send` whether invoices go
    out over a network by themselves. `buyer_reference` is what its own people find an invoice by
    (BT-10), such as the Leitweg-ID of a German authority. With `billed_to_parent` the `parent` gets
    the invoices and pays them; `consolidate_invoices` is the day of the month on which what its
    deals bill goes on one invoice.
    """

    number: str
    legal_name: str
    bill_to: Address
    ship_to: Address | None = None
    contacts: tuple[Contact, ...] = ()
    vat_id: str = ""
    tax_exemption: str = ""
    status: CustomerStatus = CustomerStatus.BUSINESS
    language: str = ""
    time_zone: str | None = None
    payment_terms_days: int = 30
    credit_limit_minor: int | None = None
    parent: str | None = None
    billed_to_parent: bool = False
    consolidate_invoices: int | None = None
    segment: str = ""
    tags: tuple[str, ...] = ()
    tax_certificates: tuple[TaxCertificate, ...] = ()
    withholding: tuple[Withholding, ...] = ()
    buyer_reference: str = ""
    electronic_address: ElectronicAddress | None = None
    e_invoice_format: EInvoiceFormat | None = None
    e_invoice_send: bool = False

    @property
    def place_of_supply(self) -> Address:
        """Where goods and services are supplied to: the ship-to address, else the bill-to."""
        return self.ship_to or self.bill_to


def language_between(customer: Customer, entity: Entity) -> str:
    """Return the language two parties write in: the customer's, else the entity's, else English."""
    return spoken(customer.language, entity.language)


class Role(StrEnum):
    """What a person may do through the doors."""

    SALES = "sales"
    APPROVER = "approver"
    FINANCE = "finance"
    OPERATOR = "operator"
    OVERRIDE = "override"
    PARTNER = "partner"


class Partner(Value):
    """A company that offers our products in its own name, for one of our entities.

    It sells from one price book only. `commission_percent` of the contract value is what it earns.
    """

    model_config = NUMBERS_AS_TEXT

    number: str
    legal_name: str
    address: Address
    tax_id: str
    vat_id: str = ""
    email: str
    price_book: str
    commission_percent: Decimal = Decimal(0)


class Person(Value):
    """Somebody of ours; `titles` are what approval policies ask for, such as `sales_manager`."""

    id: str
    name: str
    email: str
    roles: tuple[Role, ...] = ()
    titles: tuple[str, ...] = ()
    manager: str | None = None
    partner: str | None = None


def parse_entity(data: object) -> Entity:
    """Return the selling entity written in `data` (from YAML or JSON).

    Raises `InvalidInputError` with every problem: EU VAT Directive 2006/112/EC art. 226 (3) and (5)
    want the seller's name, address and tax number, customers need an account to pay to, and dates
    need a time zone.
    """
    checks = (
        _entity_vat_problems,
        _region_problems("address"),
        brand_problems,
        address_problems,
    )
    return read(Entity, data, _ENTITY_RULES, checks)


def parse_customer(data: object) -> Customer:
    """Return the customer written in `data` (from YAML or JSON).

    Raises `InvalidInputError` with every problem: EU VAT Directive 2006/112/EC art. 226 (5) wants
    name and address, and (4) the VAT number where the customer owes the tax.
    """
    checks = (
        _customer_vat_problems,
        _region_problems("bill_to"),
        _region_problems("ship_to"),
        _other_than_itself("number", "parent"),
        _payer_problems,
        certificate_problems,
        withholding_problems,
        address_problems,
        format_problems,
    )
    return read(Customer, data, _CUSTOMER_RULES, checks)


def parse_person(data: object) -> Person:
    """Return the person of ours, or of a partner, written in `data` (from YAML or JSON).

    Raises `InvalidInputError` with every problem: whoever works for a partner has that role alone.
    """
    checks = (_other_than_itself("id", "manager"), _partner_problems)
    return read(Person, data, _PERSON_RULES, checks)


def parse_partner(data: object) -> Partner:
    """Return the partner written in `data` (from YAML or JSON).

    Raises `InvalidInputError` with every problem: a partner is named on quotes, so it needs its
    legal data, and the one price book it sells from.
    """
    return read(Partner, data, _PARTNER_RULES, (_region_problems("address"),))


def is_iban(account: str) -> bool:
    """Whether an account without blanks has the shape of an IBAN (ISO 13616)."""
    return bool(_IBAN.fullmatch(account))


def has_valid_check_digits(account: str) -> bool:
    """Whether an account that looks like an IBAN has the check digits of one (ISO 13616).

    An account of another shape passes, because most of the world has no IBAN.
    """
    compact = account.replace(" ", "").upper()
    if not is_iban(compact):
        return True
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;:<>()\[\]\"\\]+@[^@\s,;:<>()\[\]\"\\.]+(\.[^@\s,;:<>()\[\]\"\\.]+)+")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?", re.ASCII)
_VAT_ID = re.compile(r"[A-Z]{2}[A-Z0-9+*]{2,12}", re.ASCII)

_NORTHERN_IRELAND = "XI"
_VAT_PREFIXES = frozenset(map(vat_prefix, EU_COUNTRIES)) | {_NORTHERN_IRELAND}
_TAXED_BY_REGION = frozenset({"US", "CA"})
_CREDIT_LIMIT_END = 10**15


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def _is_language(value: object) -> bool:
    """Whether we write documents in a language, with or without a country: de, de-AT."""
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        return False
    language, _, country = value.partition("-")
    return language in LANGUAGES and (not country or is_country(country))


def _is_language_if_any(value: object) -> bool:
    return value == "" or _is_language(value)


def _is_bic_if_any(value: object) -> bool:
    return value == "" or _matches(_BIC)(value)


def _is_percentage(value: object) -> bool:
    try:
        percent = Decimal(str(value))
    except ArithmeticError:
        return False
    return percent.is_finite() and 0 <= percent <= 100


def _is_time_zone(value: object) -> bool:
    return isinstance(value, str) and value in _time_zones()


@cache
def _time_zones() -> frozenset[str]:
    """Keep the names, because listing them reads the whole time zone database."""
    return frozenset(available_timezones())


def _filled(*paths: str) -> tuple[FieldRule, ...]:
    return tuple(FieldRule(path, is_filled, "is empty", "fill it in") for path in paths)


def _number(path: str) -> FieldRule:
    remedy = "use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
    return FieldRule(path, _matches(_NUMBER), "cannot serve as a number", remedy)


def _email(path: str) -> FieldRule:
    return FieldRule(path, _matches(_EMAIL), "is not a mail address", "write name@example.com")


def _address(path: str) -> tuple[FieldRule, ...]:
    remedy = "write two capital letters in quotes, as in ISO 3166-1: US, DE, GB"
    country = FieldRule(
        f"{path}.country",
        lambda value: isinstance(value, str) and is_country(value),
        "is not a country code",
        remedy,
    )
    return (*_filled(f"{path}.line1", f"{path}.city"), country)


_NO_LANGUAGE = "is not a language our documents are written in"
_A_LANGUAGE = f"write {', '.join(LANGUAGES)}, with a country if need be: de-AT"
_TIME_ZONE = FieldRule(
    "time_zone", _is_time_zone, "is not a known time zone", "write it like Europe/Berlin"
)

_ENTITY_RULES = (
    _number("number"),
    *_filled("legal_name", "tax_id", "bank.holder", "bank.bank", "bank.account"),
    *_address("address"),
    _email("email"),
    FieldRule(
        "bank.account",
        lambda value: isinstance(value, str) and has_valid_check_digits(value),
        "looks like an IBAN with wrong check digits",
        "compare it with the bank's letter",
    ),
    FieldRule("bank.bic", _is_bic_if_any, "is not a BIC", "write 8 or 11 capital characters"),
    FieldRule(
        "currency",
        lambda value: isinstance(value, str) and is_currency(value),
        "is not a currency code",
        "write three capital letters, as in ISO 4217: USD, EUR",
    ),
    FieldRule("language", _is_language, _NO_LANGUAGE, _A_LANGUAGE),
    FieldRule("grace_days", within(0, 60), "is not a whole number from 0 to 60", "use fewer days"),
    _TIME_ZONE,
)

_CUSTOMER_RULES = (
    _number("number"),
    _TIME_ZONE,
    *_filled("legal_name", "contacts.*.name"),
    *_address("bill_to"),
    *_address("ship_to"),
    _email("contacts.*.email"),
    FieldRule(
        "language",
        _is_language_if_any,
        _NO_LANGUAGE,
        f"{_A_LANGUAGE}, or leave it out for the entity's",
    ),
    FieldRule(
        "payment_terms_days",
        within(0, 365),
        "is not a whole number from 0 to 365",
        "write the days between invoice and due date",
    ),
    FieldRule(
        "consolidate_invoices",
        within(1, 31),
        "is not a day of a month from 1 to 31",
        "write the day on which one invoice is made for all deals, or leave it out",
    ),
    FieldRule(
        "credit_limit_minor",
        within(0, _CREDIT_LIMIT_END),
        "is not a whole number of minor units",
        "write cents, not less than 0",
    ),
)

_PARTNER_RULES = (
    _number("number"),
    *_filled("legal_name", "tax_id", "price_book"),
    *_address("address"),
    _email("email"),
    FieldRule(
        "commission_percent",
        _is_percentage,
        "is not a percentage from 0 to 100",
        "write it as text: '12.5'",
    ),
)

_PERSON_RULES = (
    _number("id"),
    *_filled("name", "titles.*"),
    _email("email"),
)


def _entity_vat_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    """A seller in the EU states its VAT number on every invoice (art. 226 (3))."""
    country, vat_id = text_at(data, "address.country"), value_at(data, "vat_id")
    if country not in EU_COUNTRIES:
        return
    prefix = vat_prefix(country)
    if _is_blank(vat_id):
        yield Problem(
            field="vat_id",
            reason="is missing, and an invoice from an EU country must state it",
            remedy=f"write the VAT number with its letters {prefix}",
        )
    elif isinstance(vat_id, str) and not (_is_vat_id(vat_id) and vat_id.startswith(prefix)):
        yield Problem(
            field="vat_id",
            reason=f"is not a VAT number of {country}",
            remedy=f"write {prefix} and the number, without blanks",
        )


def _customer_vat_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    """A VAT number decides on reverse charge, so one in the EU has the form of art. 215."""
    vat_id, billed_in = text_at(data, "vat_id"), text_at(data, "bill_to.country")
    shipped_to = text_at(data, "ship_to.country") or billed_in
    if not vat_id or _is_vat_id(vat_id):
        return
    if {billed_in, shipped_to} <= EU_COUNTRIES:
        yield Problem(
            field="vat_id",
            reason="is not a VAT number of the EU",
            remedy="write the letters of its country and the number, without blanks",
        )


def _payer_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    """Who pays for somebody else is named, and is the one whose invoices are put together."""
    if value_at(data, "billed_to_parent") is not True:
        return
    if _is_blank(value_at(data, "parent")):
        reason, remedy = "is missing, and shall be billed", "name the customer who pays"
        yield Problem(field="parent", reason=reason, remedy=remedy)
    if value_at(data, "consolidate_invoices") is not None:
        reason = "is for whoever is billed, and that is the parent"
        remedy = "set it for the parent"
        yield Problem(field="consolidate_invoices", reason=reason, remedy=remedy)


def _partner_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    """Somebody of a partner sees the partner's deals and nothing else of the house."""
    roles = data.get("roles")
    named = [str(role) for role in roles] if isinstance(roles, list | tuple) else []
    is_theirs = Role.PARTNER.value in named
    if is_theirs and set(named) != {Role.PARTNER.value}:
        remedy = "give a person of a partner this role alone"
        yield Problem(field="roles", reason="mix partner with roles of ours", remedy=remedy)
    if is_theirs and _is_blank(data.get("partner")):
        remedy = "write the partner's number"
        yield Problem(field="partner", reason="is missing for the role partner", remedy=remedy)
    if is_theirs and (_is_blank(data.get("manager")) or data.get("titles")):
        remedy = "name who of ours answers for them as `manager`, and give no titles"
        yield Problem(field="manager", reason="is who decides for a partner", remedy=remedy)
    if not is_theirs and not _is_blank(data.get("partner")):
        remedy = "add the role partner or leave it out"
        yield Problem(field="partner", reason="goes with the role partner only", remedy=remedy)


def _is_blank(value: object) -> bool:
    """Whether nothing is written; a value of a wrong type is somebody else's finding."""
    return value is None or (isinstance(value, str) and not value.strip())


def _is_vat_id(vat_id: str) -> bool:
    return bool(_VAT_ID.fullmatch(vat_id)) and vat_id[:2] in _VAT_PREFIXES


def _region_problems(path: str) -> Callable[[Mapping[str, object]], Iterator[Problem]]:
    """Return the check that an address has its state where taxes differ from state to state."""

    def check(data: Mapping[str, object]) -> Iterator[Problem]:
        country = text_at(data, f"{path}.country")
        if country in _TAXED_BY_REGION and _is_blank(value_at(data, f"{path}.region")):
            yield Problem(
                field=f"{path}.region",
                reason=f"is missing, and taxes in {country} depend on it",
                remedy="write the code of the state or province, as in CA or ON",
            )

    return check


def _other_than_itself(own: str, other: str) -> Callable[[Mapping[str, object]], Iterator[Problem]]:
    """Return the check that a party does not stand above itself."""

    def check(data: Mapping[str, object]) -> Iterator[Problem]:
        if own in data and data[own] == data.get(other):
            yield Problem(field=other, reason="is the party itself", remedy="name another one")

    return check
