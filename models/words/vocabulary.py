"""What a language has to bring: every word the documents and mails of the house print.

No field has a default, so a language that forgets a word is refused by the type checker and again
when it is loaded. Names in braces are filled in; every language uses the same ones.
"""

from collections.abc import Mapping

from models.value import Value
from models.words.page import PageWords


class Plural(Value):
    """A phrase that depends on a count, by the plural categories of CLDR.

    Every language has `other`; one with further categories (`few`, `many`) adds them.
    """

    one: str
    other: str
    few: str = ""
    many: str = ""

    def of(self, category: str) -> str:
        """Return the phrase of a category, that of `other` where the language has no own."""
        forms = {"one": self.one, "few": self.few, "many": self.many}
        return forms.get(category, "") or self.other


class Labels(Value):
    """The words of the documents."""

    quote: str
    renewal_quote: str
    order_form: str
    order_confirmation: str
    work_order: str
    delivery_note: str
    invoice: str
    receipt: str
    reminder: str

    prepared_for: str
    bill_to: str
    ship_to: str
    attention: str
    your_contact: str
    offered_by: str
    offered_for: str
    tax_id: str
    vat_id: str
    registration: str
    exemption: str
    customer_number: str

    number: str
    version: str
    order_number: str
    deal: str
    quote_number: str
    date: str
    issue_date: str
    supply_date: str
    supply_period: str
    due_date: str
    valid_until: str
    term: str
    purchase_order: str
    currency: str
    payment_terms: str
    days_net: Plural
    payable_at_once: str
    delivered_on: str
    wanted_on: str
    received_on: str
    payment_reference: str
    department: str
    pay_by: str
    last_notice: str

    position: str
    description: str
    quantity: str
    list_price: str
    unit_price: str
    discount: str
    price_change: str
    amount: str
    net: str
    rate: str
    included: str
    one_time: str
    by_usage: str
    per_week: str
    per_month: str
    per_quarter: str
    per_half_year: str
    by_schedule: str
    for_recipient: str
    per_year: str
    times: Plural
    in_advance: str
    in_arrears: str
    once_discount: str
    less_at_first: Plural
    fee: str
    flat_fee: str
    item: str
    done: str
    to_follow: str
    to_follow_status: str
    status: str
    sku: str

    single_items: str
    optional_items: str
    optional_note: str
    subtotal: str
    optional_total: str
    once_discounts: str
    all_per: str
    times_amount: str
    per_in_all: str

    list_total: str
    total_discount: str
    contract_total: str
    recurring_year: str
    previous_total: str
    net_total: str
    tax_total: str
    gross_total: str
    withheld: str
    amount_due: str
    total_due: str

    billing_plan: str
    bill_on: str
    on_delivery: str
    for_what: str
    for_period: str
    plan_lines: Plural
    plan_line_count: Plural
    plan_total: str
    usage_note: str
    usage_estimate: str

    terms: str
    validity_terms: str
    payment_sentence: Plural
    payment_at_once: str
    term_sentence: Plural
    renewal_sentence: Plural
    ending_sentence: str
    notice_sentence: Plural
    renew_sentence: str
    expire_sentence: str
    taxes_default: str
    taxes_included: str
    note: str

    tax_summary: str
    tax_category: str
    taxable: str
    tax: str
    category_names: Mapping[str, str]
    category_reasons: Mapping[str, str]
    payment: str
    pay_sentence: str
    credit_sentence: str
    account_holder: str
    bank: str
    account: str
    bic: str
    routing: str

    agreement: str
    agreement_sentence: str
    content_hash: str
    signature: str
    signature_date: str
    signed: str
    signed_hash: str
    signature_verified: str
    unverified: str
    signature_unverified: str
    confirmation_sentence: str
    unverified_title: str
    unverified_sentence: str
    actions: Mapping[str, str]
    signs_for: Mapping[str, str]

    received_sentence: str
    amendment: str
    amended_from: str
    amended_on: str
    amended_by: str
    amended_why: str
    quantity_before: str
    quantity_after: str
    amount_before: str
    amount_after: str
    value_before: str
    value_after: str
    given_back: str
    no_longer_billed: str
    billed_instead: str
    rests_sentence: str
    ends_sentence: str
    amendment_sentence: str

    receipt_sentence: str
    applied_to: str
    payment_amount: str
    unapplied: str
    balance: str

    greeting: str
    reminder_sentences: tuple[str, ...]
    reminder_crossed: str
    issued: str
    due: str
    days_overdue: str
    invoice_amount: str
    open_amount: str

    statuses: Mapping[str, str]
    level_names: Mapping[str, str]
    level: str

    credit_note: str
    corrects: str
    invoiced_on: str
    credit_reason: str
    credit_note_sentence: str
    credit_note_settled: str
    total_credited: str

    statement: str
    since: str
    until: str
    document: str
    opening_balance: str
    closing_balance: str
    statement_sentence: str
    not_overdue: str
    movements: Mapping[str, str]

    page_of: str
    test_clock: str


class MailWords(Value):
    """The words of the mails: `*_subject`, then the paragraphs in their order."""

    greeting: str
    closing: str

    approval_opening: str
    approval_reminder: str
    approval_escalated: str
    approval_subject: str
    approval_offer: str
    approval_reasons: str
    approval_ask: str
    approval_refuse: str
    approval_by_command: str
    approval_instead: str
    countered_subject: str
    countered_text: str
    countered_ask: str
    recalled_subject: str
    recalled_text: str

    case_text: str
    case_ask: str
    case_refuse: str
    case_closed_subject: str
    case_closed_text: str
    case_status: Mapping[str, str]
    how_temporal: str
    how_key: str

    quote_subject: str
    quote_text: str
    quote_valid: str
    quote_page: str
    quote_accept: str
    quote_systems: str

    sign_subject: str
    sign_text: str
    sign_hash: str
    sign_how: str
    signed_subject: str
    signed_text: str

    confirmation_subject: str
    confirmation_text: str
    order_line: str

    work_order_subject: str
    work_order_text: Plural
    work_order_line: str
    work_order_confirm: str

    delivery_subject: str
    delivery_text: str

    invoice_subject: str
    invoice_text: str
    invoice_name: str

    amendment_subject: str
    amendment_text: str

    credit_note_subject: str
    credit_note_text: str
    credit_note_reason: str

    statement_subject: str
    statement_text: str

    receipt_subject: str
    receipt_text: str
    receipt_open: str

    reminder_subject: str
    reminder_text: str
    reminder_crossed: str
    reminder_ask: str

    renewal_subject: str
    renewal_text: str
    renewal_accept: str
    renewal_reminder_subject: str
    renewal_reminder_text: str
    notice_renews: str
    notice_ends: str

    alarm_subject: str
    alarm_text: str
    handover_subject: str
    handover_text: str
    handover_decide: str
    ended_subject: str
    ended_text: str


class Words(Value):
    """One language: its code (ISO 639-1), its own name, and its words."""

    language: str
    name: str
    labels: Labels
    mails: MailWords
    page: PageWords
