"""Every word the documents print, in one place per language.

A further language is one more `Labels` value in `_BY_LANGUAGE`. Names in braces are filled in by
the page makers and must be kept.
"""

from collections.abc import Mapping

from models.value import Value

_CATEGORIES: Mapping[str, str] = {
    "S": "Standard",
    "AE": "Reverse charge",
    "Z": "Zero rated",
    "E": "Exempt",
    "O": "Outside scope",
    "G": "Export",
    "K": "Intra-community supply",
}


class Labels(Value):
    """The words of one language; the defaults are English."""

    language: str = "en"

    quote: str = "Quote"
    renewal_quote: str = "Renewal quote"
    order_form: str = "Order form"
    order_confirmation: str = "Order confirmation"
    work_order: str = "Work order"
    delivery_note: str = "Delivery note"
    invoice: str = "Invoice"
    receipt: str = "Payment receipt"
    reminder: str = "Reminder"

    prepared_for: str = "Prepared for"
    bill_to: str = "Bill to"
    ship_to: str = "Deliver to"
    attention: str = "Attn. {name}"
    your_contact: str = "Your contact"
    offered_by: str = "Offered by"
    offered_for: str = "for {entity}"
    tax_id: str = "Tax ID"
    vat_id: str = "VAT ID"
    registration: str = "Registration"
    exemption: str = "Tax exemption"
    customer_number: str = "Customer no."

    number: str = "Number"
    version: str = "Version"
    order_number: str = "Order no."
    deal: str = "Deal"
    quote_number: str = "Quote"
    date: str = "Date"
    issue_date: str = "Issue date"
    supply_date: str = "Supply date"
    supply_period: str = "Supply period"
    due_date: str = "Due date"
    valid_until: str = "Valid until"
    term: str = "Term"
    starts_on: str = "Start"
    purchase_order: str = "Your order no."
    currency: str = "Currency"
    payment_terms: str = "Payment terms"
    days_net: str = "{days} days net"
    payable_at_once: str = "Due at once"
    delivered_on: str = "Delivered on"
    wanted_on: str = "Wanted on"
    received_on: str = "Received on"
    payment_reference: str = "Reference"
    department: str = "Department"
    pay_by: str = "Please pay by"
    last_notice: str = "Notice until"

    position: str = "#"
    description: str = "Description"
    quantity: str = "Quantity"
    list_price: str = "List price"
    unit_price: str = "Unit price"
    discount: str = "Discount"
    amount: str = "Amount"
    net: str = "Net"
    rate: str = "Tax"
    included: str = "included"
    one_time: str = "one-time"
    by_usage: str = "by usage"
    per_month: str = "per month"
    per_quarter: str = "per quarter"
    per_year: str = "per year"
    in_advance: str = "billed in advance"
    in_arrears: str = "billed in arrears"
    once_discount: str = "One-time discount {amount} on the first billing"
    item: str = "Item"
    done: str = "Done"
    status: str = "Status"
    sku: str = "SKU"

    list_total: str = "List price"
    total_discount: str = "Your discount"
    contract_total: str = "Total, before tax"
    of_which_one_time: str = "of which one-time"
    recurring_month: str = "recurring, per month"
    recurring_year: str = "contract value, per year"
    previous_total: str = "Previous term"
    net_total: str = "Net total"
    tax_total: str = "Total tax"
    amount_due: str = "Amount due"
    total_due: str = "Total due"

    billing_plan: str = "Billing plan"
    bill_on: str = "Billed on"
    on_delivery: str = "on delivery"
    for_what: str = "For"
    for_period: str = "Period"
    and_more: str = "and {count} more"
    plan_total: str = "Total, before tax"
    usage_note: str = "Usage is billed as it occurs and is not part of the total."

    terms: str = "Terms"
    validity_terms: str = "This quote can be accepted until {day}, the end of that day included."
    payment_sentence: str = "Invoices are payable within {days} days of their issue date."
    payment_at_once: str = "Invoices are payable on receipt."
    term_sentence: str = "The term runs for {months} months, {period}."
    renew_sentence: str = (
        "The agreement renews for this term unless notice is given by {day}, that day included."
    )
    expire_sentence: str = "The agreement ends unless this offer is accepted."
    taxes_default: str = "All prices are before tax; tax is added on the invoice where it applies."
    note: str = "Note"

    tax_summary: str = "Tax"
    tax_category: str = "Category"
    taxable: str = "Taxable amount"
    tax: str = "Tax"
    category_names: Mapping[str, str] = _CATEGORIES
    reverse_charge: str = "Reverse charge: the customer is liable for the tax."
    payment: str = "Payment"
    pay_sentence: str = "Please pay {amount} by {day} and quote {number}."
    credit_sentence: str = "No payment is due for this invoice."
    account_holder: str = "Account holder"
    bank: str = "Bank"
    account: str = "Account / IBAN"
    bic: str = "BIC"
    routing: str = "Routing"

    agreement: str = "Agreement"
    agreement_sentence: str = (
        "By signing, the parties agree to the goods, services, prices and terms of this order form,"
        " made from quote {number}, version {version}."
    )
    content_hash: str = "Content of the quote (SHA-256): {hash}"
    signature: str = "Signature"
    signature_date: str = "Date"
    signed: str = "Signed electronically on {moment}"
    signed_hash: str = "Signed document (SHA-256): {hash}"
    signature_verified: str = "Identity verified"
    unverified: str = "unverified"
    signature_unverified: str = "Unverified: the signer's identity was not checked"
    confirmation_sentence: str = "Thank you for your order. We confirm it as follows."
    unverified_title: str = "Unverified decisions"
    unverified_sentence: str = (
        "The identity of whoever made these decisions was not checked; they are shown as recorded."
    )

    received_sentence: str = "Received in good order"
    receipt_sentence: str = "We have received your payment of {amount}. Thank you."
    applied_to: str = "Applied to invoice"
    payment_amount: str = "Payment received"
    unapplied: str = "Not yet applied"
    balance: str = "Balance still open"

    greeting: str = "Dear Sir or Madam,"
    reminder_sentences: tuple[str, ...] = (
        "The invoices below fall due shortly. This is only to make paying them on time easy.",
        (
            "Perhaps the invoices below have escaped your notice. According to our records they are"
            " still open, and we would be grateful for your payment."
        ),
        (
            "According to our records the invoices below are overdue. Please arrange payment, or"
            " tell us if something about them is unclear."
        ),
        (
            "Despite our earlier reminders the invoices below are still unpaid. Please pay the"
            " total now, or call us today to agree on a way forward."
        ),
        (
            "This is our final notice. If the total below is not paid in time, we may limit our"
            " services and hand the matter over for collection."
        ),
    )
    reminder_crossed: str = "If your payment is already on its way, please disregard this letter."
    issued: str = "Issued"
    due: str = "Due"
    days_overdue: str = "Days overdue"
    invoice_amount: str = "Invoice amount"
    open_amount: str = "Open"

    page_of: str = "Page {page} of {pages}"
    test_clock: str = "TEST CLOCK - not a legal document"


ENGLISH = Labels()

_BY_LANGUAGE = {"en": ENGLISH}


def labels_for(language: str) -> Labels:
    """Return the words for a language tag; a language we do not have yet speaks English."""
    return _BY_LANGUAGE.get(language.replace("_", "-").split("-", maxsplit=1)[0].lower(), ENGLISH)
