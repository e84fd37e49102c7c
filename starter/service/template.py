"""A deal file to begin with, with a comment at every field."""

DEAL_TEMPLATE = """\
# A deal: what is sold to whom. Check it with `q2c deal check FILE`.

number: ""                # leave it empty to get the next free number
# seller: sam             # nobody but who asks; they are filled in without it
entity: US01              # which of our companies sells
customer: C-200           # who buys
# partner: P-1            # who offers it, if not we; its price book follows
currency: USD             # ISO 4217
# price_book: standard    # only if not the one of the customer and the currency
# starts_on: 2027-01-31   # first day of service; without it, the day of the quote
# anchor_on: 2026-10-31   # only if billing periods are counted from months before that
term_months: 12           # 0 for a one-off sale
# payment_terms_days: 30  # only if not those of the customer
purchase_order: ""        # the customer's order number, if already known
# sales_channel: partner  # only where products depend on it
valid_days: 30            # how long the quote can be accepted
# valid_before_start: true  # but not beyond starts_on
signature_days: 14        # how long the contract can be signed
note: ""                  # shown on the quote

lines:
  - product: JIRA-STANDARD   # a SKU of the catalogue
    quantity: "25"
    discount:             # a percentage, or an amount in major units
      percent: "10"
      reason: Reference customer
#     basis: per_period   # what an amount comes off: each period, or the contract once
#     stacking: compound  # how it combines with others: or additive, best_of, exclusive
#     priority: 0         # the higher wins where only one may count
#   unit_price: "7.00"    # agreed instead of the list price
#   price_is_final: true  # no contracted price, promotion or partner discount applies
#   optional: true        # offered beside the rest, in no total until it is chosen
#   group: Head office    # discounted together with the lines of that group, see below
#   attributes: {size: L} # values of the product's attributes, where it has some
#   ramp:                 # quantities and prices that change within the term
#     - quantity: "25"
#     - from_month: 6     # or from_on: 2027-07-31; until_month or until_on where there is a gap
#       quantity: "40"
#   expected_usage: {calls: "250000"} # of usage charges, in a period: for the estimate
#   buyer_may:            # what the buyer may change on their page
#     minimum: "10"
#     maximum: "50"
# - product: IDENTITY-SUITE  # a bundle, with the parts that are optional
#   quantity: "25"
#   options:
#     - product: OKTA-LIFECYCLE
#       quantity: "1"     # and options of its own, where it is a bundle itself

# header_discount:        # off the whole quote
#   amount: "100.00"
#   basis: once           # or per_period
#   stacking: compound    # or additive
# target_total: "5000.00" # instead of a header discount: what the contract shall come to
# groups:                 # lines that name `group: Head office` are discounted together
#   - name: Head office
#     discount: {percent: "5"}
# promotions: [SPRING]    # codes of promotions
# price_currency: EUR     # take prices of this currency, converted at the rate of the day

renewal:
  auto_renew: true
  notice_days: 60         # days before the end at which notice counts
  uplift_percent: "5"     # price rise of the next term
  price_basis: last       # or list
# term_months: 12         # only if the next term has another length

# alternatives:           # offered beside it from the start; the customer takes one of all
#   - label: big          # `change` says what differs, like the file of `q2c quote revise`
#     change: {lines: [{line: 1, quantity: "40"}]}

# test_clock: 2026-01-15T09:00:00Z   # a clock of its own, for trials
"""
