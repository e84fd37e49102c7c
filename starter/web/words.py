"""Every word of the buyer page, in one place per language.

A further language is one more `Words` value in `_BY_LANGUAGE`. Names in braces are filled in by the
page and must be kept.
"""

from collections.abc import Mapping

from models.value import Value


class Words(Value):
    """The words of one language; the defaults are English."""

    language: str = "en"

    title: str = "Quote {number}"
    offered_by: str = "offered by {partner} for {entity}"
    version: str = "Version {version}"
    test_clock: str = "Test: this offer was made on a test clock and binds nobody."
    prepared_for: str = "Prepared for"
    your_contact: str = "Your contact"
    your_partner: str = "Offered by"
    contracting_party: str = "Contract with"
    valid_until: str = "Valid until"
    term: str = "Term"
    payment: str = "Payment"
    days_net: str = "{days} days net"
    at_once: str = "due at once"
    note: str = "Note"
    download: str = "Download the PDF"
    answer: str = "Answer this offer"

    lines: str = "What we offer"
    description: str = "Description"
    quantity: str = "Quantity"
    unit_price: str = "Unit price"
    discount: str = "Discount"
    amount: str = "Amount"
    included: str = "included"
    one_time: str = "one-time"
    per_week: str = "per week"
    per_month: str = "per month"
    per_quarter: str = "per quarter"
    per_half_year: str = "per half-year"
    per_year: str = "per year"
    once_discount: str = "{amount} off the first billing"
    list_total: str = "List price"
    total_discount: str = "Your discount"
    total: str = "Total, before tax"
    per_month_total: str = "Recurring, per month"
    one_time_total: str = "Of which one-time"
    plan: str = "Billing plan"
    plan_of: str = "{count} billings"
    bill_on: str = "Billed on"
    for_what: str = "For"
    on_delivery: str = "on delivery"
    taxes: str = "Prices are net; tax is added on each invoice."
    validity: str = "This quote can be accepted until {day}, the end of that day included."

    open: str = "Waiting for your answer"
    preparing: str = "A new version is being prepared"
    preparing_text: str = (
        "We are checking the latest change. You will get a mail as soon as the new version is "
        "ready; this page then shows it."
    )
    not_ready_text: str = (
        "Your quote is being prepared. You will get a mail as soon as it is ready."
    )
    accepted: str = "Accepted"
    accepted_text: str = "Accepted by {person}. Next, the order form comes by mail for signature."
    order_number: str = "Your order number: {number}"
    declined: str = "Declined"
    declined_text: str = "You declined this offer. Your contact is glad to make a new one."
    closed: str = "No longer on offer"
    closed_text: str = "This offer has ended. Please ask your contact for a new one."

    accept: str = "Accept"
    accept_title: str = "Accept this quote"
    purchase_order: str = "Your purchase order number"
    optional: str = "optional"
    agree: str = "On behalf of {customer}, I accept quote {number} over {total} before tax."
    change_title: str = "Change quantities and options"
    change_text: str = "Within these limits you can change the quote yourself."
    between: str = "from {minimum} to {maximum}"
    at_least: str = "at least {minimum}"
    at_most: str = "at most {maximum}"
    show_price: str = "Show the new price"
    counter_title: str = "Make a counter-offer"
    counter_text: str = (
        "Fill in only what you would like to be different. Your contact answers, and if they agree "
        "you get a new version."
    )
    target_price: str = "Price per unit ({currency})"
    discount_wish: str = "Discount (%)"
    header_wish: str = "Overall discount (%)"
    term_wish: str = "Term (months)"
    why: str = "Why?"
    show_result: str = "Show what it comes to"
    preview_title: str = "What it would come to"
    preview_now: str = "Now"
    preview_then: str = "Then"
    send_change: str = "Send this change"
    send_counter: str = "Send this counter-offer"
    preview_note: str = "Nothing was sent yet."
    discard: str = "Discard"
    comment_title: str = "Ask or comment"
    comment_text: str = "Your message"
    send_comment: str = "Send"
    decline_title: str = "Decline"
    decline_text: str = "Tell us why, so that we can do better."
    decline: str = "Decline this quote"

    history: str = "History"
    said_comment: str = "{by} wrote"
    said_counter_offer: str = "{by} made a counter-offer"
    said_accepted: str = "{by} accepted the counter-offer"
    said_rejected: str = "{by} could not take the counter-offer"
    said_version: str = "Version {version}: {total}"

    done_change: str = "Your change was made. Please look at the new version."
    done_counter: str = "Your counter-offer was sent. You will get an answer by mail."
    done_comment: str = "Your message was sent."
    done_accept: str = "Thank you! You accepted this quote."
    done_decline: str = "You declined this quote. Thank you for telling us why."

    trouble: str = "Please correct what is marked."
    bad_link: str = "This link is not valid"
    ended_link: str = "This link has ended"
    outdated: str = "There is something new"
    refused: str = "This was not possible"
    later: str = "Please try again in a moment"
    look_again: str = "Look at the offer as it stands"


_BY_LANGUAGE: Mapping[str, Words] = {"en": Words()}


def words_for(language: str) -> Words:
    """Return the words of a language tag (`de`, `de-AT`); where there are none, English."""
    return _BY_LANGUAGE.get(language.replace("_", "-").split("-")[0], _BY_LANGUAGE["en"])
