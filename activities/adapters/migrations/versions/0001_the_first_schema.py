"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the books forward."""
    op.create_table(
        "deal",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("seller", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("test_clock", sa.Boolean(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("on_hold", sa.String(), nullable=False),
        sa.Column("next_action", sa.String(), nullable=False),
        sa.Column("next_action_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("business_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_deal_customer"), "deal", ["customer"], unique=False)
    op.create_index(op.f("ix_deal_entity"), "deal", ["entity"], unique=False)
    op.create_index(op.f("ix_deal_stage"), "deal", ["stage"], unique=False)
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "number"),
    )
    op.create_index(op.f("ix_document_deal"), "document", ["deal"], unique=False)
    op.create_index(op.f("ix_document_sha256"), "document", ["sha256"], unique=False)
    op.create_table(
        "journal_entry",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        op.f("ix_journal_entry_booked_on"), "journal_entry", ["booked_on"], unique=False
    )
    op.create_index(op.f("ix_journal_entry_customer"), "journal_entry", ["customer"], unique=False)
    op.create_index(op.f("ix_journal_entry_deal"), "journal_entry", ["deal"], unique=False)
    op.create_index(op.f("ix_journal_entry_entity"), "journal_entry", ["entity"], unique=False)
    op.create_table(
        "mail",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_mail_deal"), "mail", ["deal"], unique=False)
    op.create_table(
        "number_series",
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "series"),
    )
    op.create_table(
        "payment",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("provider", "reference"),
    )
    op.create_index(op.f("ix_payment_customer"), "payment", ["customer"], unique=False)
    op.create_table(
        "register",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "key", "revision"),
    )
    op.create_index(op.f("ix_register_key"), "register", ["key"], unique=False)
    op.create_index(op.f("ix_register_kind"), "register", ["kind"], unique=False)
    op.create_table(
        "reminder",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("customer", "currency", "scope", "written_on"),
    )
    op.create_index(op.f("ix_reminder_customer"), "reminder", ["customer"], unique=False)
    op.create_index(op.f("ix_reminder_deal"), "reminder", ["deal"], unique=False)
    op.create_table(
        "stock_movement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(op.f("ix_stock_movement_entity"), "stock_movement", ["entity"], unique=False)
    op.create_index(op.f("ix_stock_movement_sku"), "stock_movement", ["sku"], unique=False)
    op.create_table(
        "token",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index(op.f("ix_token_person"), "token", ["person"], unique=False)
    op.create_table(
        "approval_path",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("quote_version", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "quote_version"),
    )
    op.create_index(op.f("ix_approval_path_deal"), "approval_path", ["deal"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "sequence"),
    )
    op.create_index(op.f("ix_audit_deal"), "audit", ["deal"], unique=False)
    op.create_table(
        "command",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("command_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "command_id"),
    )
    op.create_index(op.f("ix_command_deal"), "command", ["deal"], unique=False)
    op.create_table(
        "deal_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "term"),
    )
    op.create_index(op.f("ix_deal_file_deal"), "deal_file", ["deal"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("quote_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("refused_because", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("purchase_order", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("assurance", sa.String(), nullable=False),
        sa.Column("command_id", sa.String(), nullable=False),
        sa.Column("document_hash", sa.String(), nullable=False),
        sa.Column("used", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "command_id"),
        sa.UniqueConstraint("used"),
    )
    op.create_index(op.f("ix_decision_deal"), "decision", ["deal"], unique=False)
    op.create_table(
        "fulfillment_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(op.f("ix_fulfillment_event_deal"), "fulfillment_event", ["deal"], unique=False)
    op.create_table(
        "invoice",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("entity", "series", "sequence"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(
        "ix_invoice_customer_currency", "invoice", ["customer", "currency"], unique=False
    )
    op.create_index(op.f("ix_invoice_deal"), "invoice", ["deal"], unique=False)
    op.create_table(
        "obligation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("ssp_minor", sa.BigInteger(), nullable=False),
        sa.Column("allocated_minor", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("canceled_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "term", "reference"),
    )
    op.create_index(op.f("ix_obligation_deal"), "obligation", ["deal"], unique=False)
    op.create_table(
        "order_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("transferred_on", sa.Date(), nullable=True),
        sa.Column("content", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "term", "reference"),
    )
    op.create_index(op.f("ix_order_line_deal"), "order_line", ["deal"], unique=False)
    op.create_index(op.f("ix_order_line_sku"), "order_line", ["sku"], unique=False)
    op.create_index(op.f("ix_order_line_status"), "order_line", ["status"], unique=False)
    op.create_table(
        "planned_charge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("bill_on", sa.Date(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("canceled_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "term", "reference", "starts_on"),
    )
    op.create_index(op.f("ix_planned_charge_deal"), "planned_charge", ["deal"], unique=False)
    op.create_table(
        "posting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry"], ["journal_entry.key"], initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_posting_account"), "posting", ["account"], unique=False)
    op.create_index(op.f("ix_posting_entry"), "posting", ["entry"], unique=False)
    op.create_table(
        "quote",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("quoted_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("deal", "version"),
    )
    op.create_index(op.f("ix_quote_deal"), "quote", ["deal"], unique=False)
    op.create_table(
        "recognized",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("before", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.ForeignKeyConstraint(
            ["entry"],
            ["journal_entry.key"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "term", "reference", "before"),
    )
    op.create_index(op.f("ix_recognized_deal"), "recognized", ["deal"], unique=False)
    op.create_table(
        "work_order",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("references", sa.String(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_work_order_deal"), "work_order", ["deal"], unique=False)
    op.create_index(op.f("ix_work_order_department"), "work_order", ["department"], unique=False)
    op.create_table(
        "contract",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("payment_terms_days", sa.Integer(), nullable=False),
        sa.Column("purchase_order", sa.String(), nullable=False),
        sa.Column("renewal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal"],
            ["deal.number"],
        ),
        sa.ForeignKeyConstraint(
            ["quote"],
            ["quote.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "term"),
    )
    op.create_index(op.f("ix_contract_deal"), "contract", ["deal"], unique=False)
    op.create_index(op.f("ix_contract_number"), "contract", ["number"], unique=False)
    op.create_table(
        "invoice_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("unconditional_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice"],
            ["invoice.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deal", "term", "reference", "starts_on"),
    )
    op.create_index(op.f("ix_invoice_line_deal"), "invoice_line", ["deal"], unique=False)
    op.create_index(op.f("ix_invoice_line_invoice"), "invoice_line", ["invoice"], unique=False)
    op.create_table(
        "payment_application",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment", sa.String(), nullable=False),
        sa.Column("invoice", sa.String(), nullable=False),
        sa.Column("deal", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice"],
            ["invoice.number"],
        ),
        sa.ForeignKeyConstraint(
            ["payment"],
            ["payment.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("payment", "invoice"),
    )
    op.create_index(
        op.f("ix_payment_application_deal"), "payment_application", ["deal"], unique=False
    )
    op.create_index(
        op.f("ix_payment_application_invoice"), "payment_application", ["invoice"], unique=False
    )
    op.create_index(
        op.f("ix_payment_application_payment"), "payment_application", ["payment"], unique=False
    )
    op.create_table(
        "reminder_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("reminder", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice"],
            ["invoice.number"],
        ),
        sa.ForeignKeyConstraint(
            ["reminder"],
            ["reminder.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("invoice", "level"),
    )
    op.create_index(op.f("ix_reminder_item_invoice"), "reminder_item", ["invoice"], unique=False)
    op.create_index(op.f("ix_reminder_item_reminder"), "reminder_item", ["reminder"], unique=False)


def downgrade() -> None:
    """Take the books back."""
    op.drop_index(op.f("ix_reminder_item_reminder"), table_name="reminder_item")
    op.drop_index(op.f("ix_reminder_item_invoice"), table_name="reminder_item")
    op.drop_table("reminder_item")
    op.drop_index(op.f("ix_payment_application_payment"), table_name="payment_application")
    op.drop_index(op.f("ix_payment_application_invoice"), table_name="payment_application")
    op.drop_index(op.f("ix_payment_application_deal"), table_name="payment_application")
    op.drop_table("payment_application")
    op.drop_index(op.f("ix_invoice_line_invoice"), table_name="invoice_line")
    op.drop_index(op.f("ix_invoice_line_deal"), table_name="invoice_line")
    op.drop_table("invoice_line")
    op.drop_index(op.f("ix_contract_number"), table_name="contract")
    op.drop_index(op.f("ix_contract_deal"), table_name="contract")
    op.drop_table("contract")
    op.drop_index(op.f("ix_work_order_department"), table_name="work_order")
    op.drop_index(op.f("ix_work_order_deal"), table_name="work_order")
    op.drop_table("work_order")
    op.drop_index(op.f("ix_recognized_deal"), table_name="recognized")
    op.drop_table("recognized")
    op.drop_index(op.f("ix_quote_deal"), table_name="quote")
    op.drop_table("quote")
    op.drop_index(op.f("ix_posting_entry"), table_name="posting")
    op.drop_index(op.f("ix_posting_account"), table_name="posting")
    op.drop_table("posting")
    op.drop_index(op.f("ix_planned_charge_deal"), table_name="planned_charge")
    op.drop_table("planned_charge")
    op.drop_index(op.f("ix_order_line_status"), table_name="order_line")
    op.drop_index(op.f("ix_order_line_sku"), table_name="order_line")
    op.drop_index(op.f("ix_order_line_deal"), table_name="order_line")
    op.drop_table("order_line")
    op.drop_index(op.f("ix_obligation_deal"), table_name="obligation")
    op.drop_table("obligation")
    op.drop_index(op.f("ix_invoice_deal"), table_name="invoice")
    op.drop_index("ix_invoice_customer_currency", table_name="invoice")
    op.drop_table("invoice")
    op.drop_index(op.f("ix_fulfillment_event_deal"), table_name="fulfillment_event")
    op.drop_table("fulfillment_event")
    op.drop_index(op.f("ix_decision_deal"), table_name="decision")
    op.drop_table("decision")
    op.drop_index(op.f("ix_deal_file_deal"), table_name="deal_file")
    op.drop_table("deal_file")
    op.drop_index(op.f("ix_command_deal"), table_name="command")
    op.drop_table("command")
    op.drop_index(op.f("ix_audit_deal"), table_name="audit")
    op.drop_table("audit")
    op.drop_index(op.f("ix_approval_path_deal"), table_name="approval_path")
    op.drop_table("approval_path")
    op.drop_index(op.f("ix_token_person"), table_name="token")
    op.drop_table("token")
    op.drop_index(op.f("ix_stock_movement_sku"), table_name="stock_movement")
    op.drop_index(op.f("ix_stock_movement_entity"), table_name="stock_movement")
    op.drop_table("stock_movement")
    op.drop_index(op.f("ix_reminder_deal"), table_name="reminder")
    op.drop_index(op.f("ix_reminder_customer"), table_name="reminder")
    op.drop_table("reminder")
    op.drop_index(op.f("ix_register_kind"), table_name="register")
    op.drop_index(op.f("ix_register_key"), table_name="register")
    op.drop_table("register")
    op.drop_index(op.f("ix_payment_customer"), table_name="payment")
    op.drop_table("payment")
    op.drop_table("number_series")
    op.drop_index(op.f("ix_mail_deal"), table_name="mail")
    op.drop_table("mail")
    op.drop_index(op.f("ix_journal_entry_entity"), table_name="journal_entry")
    op.drop_index(op.f("ix_journal_entry_deal"), table_name="journal_entry")
    op.drop_index(op.f("ix_journal_entry_customer"), table_name="journal_entry")
    op.drop_index(op.f("ix_journal_entry_booked_on"), table_name="journal_entry")
    op.drop_table("journal_entry")
    op.drop_index(op.f("ix_document_sha256"), table_name="document")
    op.drop_index(op.f("ix_document_deal"), table_name="document")
    op.drop_table("document")
    op.drop_index(op.f("ix_deal_stage"), table_name="deal")
    op.drop_index(op.f("ix_deal_entity"), table_name="deal")
    op.drop_index(op.f("ix_deal_customer"), table_name="deal")
    op.drop_table("deal")
