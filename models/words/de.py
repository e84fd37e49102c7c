"""German."""

from models.words.page_de import PAGE
from models.words.vocabulary import Labels, MailWords, Plural, Words

_LABELS = Labels(
    quote="Angebot",
    renewal_quote="Verlängerungsangebot",
    order_form="Bestellschein",
    order_confirmation="Auftragsbestätigung",
    work_order="Arbeitsauftrag",
    delivery_note="Lieferschein",
    invoice="Rechnung",
    receipt="Zahlungsbestätigung",
    reminder="Zahlungserinnerung",
    prepared_for="Angebot für",
    bill_to="Rechnungsempfänger",
    ship_to="Lieferanschrift",
    attention="z. Hd. {name}",
    your_contact="Ihr Kontakt",
    offered_by="Angeboten von",
    offered_for="für {entity}",
    tax_id="Steuernummer",
    vat_id="USt-IdNr.",
    registration="Register",
    exemption="Steuerbefreiung",
    customer_number="Kundennr.",
    number="Nummer",
    version="Version",
    order_number="Auftragsnr.",
    deal="Vorgang",
    quote_number="Angebot",
    date="Datum",
    issue_date="Rechnungsdatum",
    supply_date="Leistungsdatum",
    supply_period="Leistungszeitraum",
    due_date="Fällig am",
    valid_until="Gültig bis",
    term="Laufzeit",
    purchase_order="Ihre Bestellnr.",
    currency="Währung",
    payment_terms="Zahlungsziel",
    days_net=Plural(one="{count} Tag netto", other="{count} Tage netto"),
    payable_at_once="sofort fällig",
    delivered_on="Geliefert am",
    wanted_on="Gewünscht am",
    received_on="Eingegangen am",
    payment_reference="Verwendungszweck",
    department="Abteilung",
    pay_by="Bitte zahlen bis",
    last_notice="Kündbar bis",
    position="Pos.",
    description="Beschreibung",
    quantity="Menge",
    list_price="Listenpreis",
    unit_price="Einzelpreis",
    discount="Rabatt",
    price_change="Preisänderung",
    amount="Betrag",
    net="Netto",
    rate="Steuer",
    included="enthalten",
    one_time="einmalig",
    by_usage="nach Verbrauch",
    per_week="pro Woche",
    per_month="pro Monat",
    per_quarter="pro Quartal",
    per_half_year="pro Halbjahr",
    by_schedule="nach Zahlungsplan",
    for_recipient="für {name}",
    per_year="pro Jahr",
    times=Plural(one="{count}-mal", other="{count}-mal"),
    in_advance="im Voraus berechnet",
    in_arrears="nachträglich berechnet",
    once_discount="Einmaliger Rabatt von {amount} auf die erste Abrechnung",
    less_at_first=Plural(
        one="{amount} weniger bei {count} Abrechnung",
        other="{amount} weniger bei {count} Abrechnungen",
    ),
    fee="Pauschale",
    flat_fee="pauschal",
    item="Artikel",
    done="Erledigt",
    to_follow="Wird nachgeliefert",
    to_follow_status="{quantity} im Rückstand",
    status="Status",
    sku="Artikelnr.",
    single_items="Einzelpositionen",
    optional_items="Optionale Positionen",
    optional_note=(
        "Diese Positionen bieten wir zusätzlich an; sie sind in den Summen oben nicht enthalten."
    ),
    subtotal="Zwischensumme {rhythm}",
    optional_total="Optional, {rhythm}",
    once_discounts="Einmalige Rabatte",
    all_per="Summe {rhythm}",
    times_amount="{count} \N{MULTIPLICATION SIGN} {amount} {rhythm}",
    per_in_all="{rhythm}, insgesamt",
    list_total="Listenpreis",
    total_discount="Ihr Rabatt",
    contract_total="Gesamtbetrag vor Steuern",
    recurring_year="Vertragswert pro Jahr",
    previous_total="Bisherige Laufzeit",
    net_total="Nettobetrag",
    tax_total="Steuer gesamt",
    gross_total="Gesamtbetrag mit Steuer",
    withheld="Abzüglich {name} ({rate}), von Ihnen einbehalten",
    amount_due="Zahlbetrag",
    total_due="Offener Gesamtbetrag",
    billing_plan="Abrechnungsplan",
    bill_on="Rechnung am",
    on_delivery="bei Lieferung",
    for_what="Für",
    for_period="Zeitraum",
    plan_lines=Plural(one="Position {numbers}", other="Positionen {numbers}"),
    plan_line_count=Plural(one="{count} Position", other="{count} Positionen"),
    plan_total="Gesamtbetrag vor Steuern",
    usage_note="Verbrauch wird nach Anfall berechnet und ist im Gesamtbetrag nicht enthalten.",
    usage_estimate="Schätzung: {amount} für {quantity}",
    terms="Bedingungen",
    validity_terms="Dieses Angebot kann bis zum Ende des {day} angenommen werden.",
    payment_sentence=Plural(
        one="Rechnungen sind innerhalb von {count} Tag ab Rechnungsdatum ohne Abzug zahlbar.",
        other="Rechnungen sind innerhalb von {count} Tagen ab Rechnungsdatum ohne Abzug zahlbar.",
    ),
    payment_at_once="Rechnungen sind sofort nach Erhalt zahlbar.",
    term_sentence=Plural(
        one="Die Laufzeit beträgt {count} Monat: {period}.",
        other="Die Laufzeit beträgt {count} Monate: {period}.",
    ),
    renewal_sentence=Plural(
        one="Danach verlängert sie sich um jeweils {count} Monat, wenn nicht gekündigt wird.",
        other="Danach verlängert sie sich um jeweils {count} Monate, wenn nicht gekündigt wird.",
    ),
    ending_sentence="Sie endet mit dem letzten Tag, wenn keine weitere Laufzeit vereinbart wird.",
    notice_sentence=Plural(
        one="Die Kündigungsfrist beträgt {count} Tag zum Ende der Laufzeit (spätestens am {day}).",
        other=(
            "Die Kündigungsfrist beträgt {count} Tage zum Ende der Laufzeit (spätestens am {day})."
        ),
    ),
    renew_sentence=(
        "Der Vertrag verlängert sich um diese Laufzeit, wenn er nicht bis einschließlich {day}"
        " gekündigt wird."
    ),
    expire_sentence="Der Vertrag endet, wenn dieses Angebot nicht angenommen wird.",
    taxes_default=(
        "Alle Preise sind Nettopreise; auf jeder Rechnung kommt die Steuer nach den Regeln des"
        " Leistungsorts hinzu."
    ),
    taxes_included=(
        "Alle Preise enthalten die Steuer des Leistungsorts; jede Rechnung weist sie aus."
    ),
    note="Anmerkung",
    tax_summary="Steuer",
    tax_category="Steuerart",
    taxable="Bemessungsgrundlage",
    tax="Steuer",
    category_names={
        "S": "Normal besteuert",
        "AE": "Steuerschuldnerschaft des Leistungsempfängers",
        "Z": "Nullsatz",
        "E": "Steuerfrei",
        "O": "Nicht steuerbar",
        "G": "Ausfuhrlieferung",
        "K": "Innergemeinschaftliche Lieferung",
        "L": "Kanarische Inseln (IGIC)",
        "M": "Ceuta und Melilla (IPSI)",
    },
    category_reasons={
        "AE": "Steuerschuldnerschaft des Leistungsempfängers.",
        "K": "Steuerfreie innergemeinschaftliche Lieferung.",
        "G": "Steuerfreie Ausfuhrlieferung.",
    },
    payment="Zahlung",
    pay_sentence="Bitte zahlen Sie {amount} bis zum {day} unter Angabe von {number}.",
    credit_sentence="Zu dieser Rechnung ist nichts zu zahlen.",
    account_holder="Kontoinhaber",
    bank="Bank",
    account="Konto / IBAN",
    bic="BIC",
    routing="Bankleitzahl",
    agreement="Vereinbarung",
    agreement_sentence=(
        "Mit ihrer Unterschrift vereinbaren die Parteien die Waren, Leistungen, Preise und"
        " Bedingungen dieses Bestellscheins auf der Grundlage von Angebot {number},"
        " Version {version}."
    ),
    content_hash="Inhalt des Angebots (SHA-256): {hash}",
    signature="Unterschrift",
    signature_date="Datum",
    signed="Elektronisch unterschrieben am {moment}",
    signed_hash="Unterschriebenes Dokument (SHA-256): {hash}",
    signature_verified="Identität geprüft",
    unverified="nicht geprüft",
    signature_unverified="Nicht geprüft: Die Identität der unterzeichnenden Person ist ungeprüft",
    confirmation_sentence="Vielen Dank für Ihren Auftrag, den wir wie folgt bestätigen.",
    unverified_title="Ungeprüfte Entscheidungen",
    unverified_sentence=(
        "Die Identität der Personen hinter diesen Entscheidungen wurde nicht geprüft; sie sind so"
        " wiedergegeben, wie sie erfasst wurden."
    ),
    actions={
        "approved": "genehmigt",
        "accepted": "angenommen",
        "signed": "unterschrieben",
        "renewed": "verlängert",
    },
    signs_for={"customer": "für den Kunden", "seller": "für den Anbieter"},
    received_sentence="Ware vollständig und unbeschädigt erhalten",
    amendment="Vertragsänderung",
    amended_from="Gültig ab",
    amended_on="Vereinbart am",
    amended_by="Angenommen von",
    amended_why="Grund",
    quantity_before="Menge bisher",
    quantity_after="Menge neu",
    amount_before="Betrag bisher",
    amount_after="Betrag neu",
    value_before="Vertragswert bisher",
    value_after="Vertragswert neu",
    given_back="Gutschrift für berechnete Tage",
    no_longer_billed="Wird nicht mehr berechnet",
    billed_instead="Wird stattdessen berechnet",
    rests_sentence="Die Leistung ruht vom {start} bis {end}.",
    ends_sentence="Der letzte Tag des Vertrags ist der {day}.",
    amendment_sentence=(
        "Fassung {version} des Vertrags gilt ab {day}. Alles Übrige bleibt wie vereinbart."
    ),
    receipt_sentence="Wir haben Ihre Zahlung über {amount} erhalten. Vielen Dank.",
    applied_to="Verrechnet mit Rechnung",
    payment_amount="Erhaltene Zahlung",
    unapplied="Noch nicht verrechnet",
    balance="Noch offen",
    greeting="Sehr geehrte Damen und Herren,",
    reminder_sentences=(
        (
            "die unten aufgeführten Rechnungen werden in Kürze fällig. Mit diesem Hinweis möchten"
            " wir Ihnen nur die pünktliche Zahlung erleichtern."
        ),
        (
            "vielleicht sind die unten aufgeführten Rechnungen Ihrer Aufmerksamkeit entgangen. Nach"
            " unseren Unterlagen sind sie noch offen; für Ihre Zahlung wären wir dankbar."
        ),
        (
            "nach unseren Unterlagen sind die unten aufgeführten Rechnungen überfällig. Bitte"
            " veranlassen Sie die Zahlung, oder sagen Sie uns, wenn etwas unklar ist."
        ),
        (
            "trotz unserer bisherigen Erinnerungen sind die unten aufgeführten Rechnungen weiterhin"
            " unbezahlt. Bitte zahlen Sie den Gesamtbetrag jetzt, oder rufen Sie uns noch heute an,"
            " damit wir gemeinsam eine Lösung finden."
        ),
        (
            "dies ist unsere letzte Mahnung. Wird der Gesamtbetrag nicht fristgerecht bezahlt,"
            " können wir unsere Leistungen einschränken und die Forderung zum Einzug übergeben."
        ),
    ),
    reminder_crossed=(
        "Sollte sich Ihre Zahlung mit diesem Schreiben gekreuzt haben, betrachten Sie es bitte als"
        " gegenstandslos."
    ),
    issued="Ausgestellt",
    due="Fällig",
    days_overdue="Tage überfällig",
    invoice_amount="Rechnungsbetrag",
    open_amount="Offen",
    statuses={
        "open": "offen",
        "reserved": "reserviert",
        "back_ordered": "im Rückstand",
        "shipped": "versandt",
        "delivered": "geliefert",
        "provisioned": "bereitgestellt",
        "canceled": "storniert",
    },
    level_names={
        "pre-reminder": "Zahlungshinweis",
        "friendly reminder": "Zahlungserinnerung",
        "first notice": "1. Mahnung",
        "second notice": "2. Mahnung",
        "final notice": "Letzte Mahnung",
    },
    level="Stufe {level}",
    credit_note="Rechnungskorrektur",
    corrects="Korrigiert Rechnung",
    invoiced_on="Rechnung vom",
    credit_reason="Grund",
    credit_note_sentence="Hiermit nehmen wir von Rechnung {number} vom {day} Folgendes zurück.",
    credit_note_settled=(
        "Der Betrag wird mit der Rechnung verrechnet; was schon bezahlt war, bleibt Ihr Guthaben."
    ),
    total_credited="Gutgeschrieben",
    statement="Kontoauszug",
    since="Von",
    until="Bis",
    document="Beleg",
    opening_balance="Anfangssaldo",
    closing_balance="Endsaldo",
    statement_sentence=(
        "Ein negativer Saldo ist Ihr Guthaben. Bitte melden Sie sich, wenn Ihrer abweicht."
    ),
    not_overdue="nicht überfällig",
    movements={
        "invoice": "Rechnung",
        "credit_note": "Rechnungskorrektur",
        "payment": "Zahlung",
        "void": "Storno der Rechnung",
        "withheld": "Einbehaltene Steuer",
    },
    page_of="Seite {page} von {pages}",
    test_clock="TESTUHR - kein rechtsgültiges Dokument",
)

_MAILS = MailWords(
    greeting="Guten Tag,",
    closing="Mit freundlichen Grüßen",
    approval_opening="Bitte genehmigen",
    approval_reminder="Erinnerung, bitte genehmigen",
    approval_escalated="Weitergeleitet von {person}, bitte genehmigen",
    approval_subject="{opening}: Vorgang {deal}, {customer}, {total}",
    approval_offer="{seller} bietet {customer} {total} an.",
    approval_reasons="Sie werden gefragt, weil:",
    approval_ask="Das Angebot liegt bei. So genehmigen Sie:",
    approval_refuse=(
        "Zum Ablehnen steht `reject` statt `approve`, mit einer Begründung (--reason).\n"
        "Ihre Genehmigung gilt genau diesem Inhalt; ändert er sich, werden Sie erneut gefragt."
    ),
    approval_by_command="oder mit einem Befehl:",
    approval_instead="{opening} (in Vertretung von {person})",
    countered_subject="Gegenvorschlag zu Angebot {number}: {customer}",
    countered_text="{person} gibt Angebot {number} über {total} nicht frei, würde aber freigeben:",
    countered_ask=(
        "Bieten Sie genau das in einer neuen Version an, die damit genehmigt ist,\n"
        "oder reichen Sie dieselbe wieder ein:"
    ),
    recalled_subject="Zurückgezogen: Angebot {number} für {customer}",
    recalled_text=(
        "{seller} hat Angebot {number} über {total} zurückgezogen.\n"
        "Sie müssen nicht entscheiden; wird es wieder eingereicht, werden Sie wieder gefragt."
    ),
    case_text="{person} bittet um Ihre Entscheidung: {title}.",
    case_ask="Zum Genehmigen:",
    case_refuse=(
        "Zum Ablehnen nutzen Sie `reject` statt `approve` und nennen einen Grund (--reason)."
    ),
    case_closed_subject="{title}: {status}",
    case_closed_text="Ihr Antrag ist {status}: {title}.",
    case_status={
        "done": "ausgeführt",
        "rejected": "abgelehnt",
        "withdrawn": "zurückgezogen",
        "failed": "genehmigt, aber nicht mehr möglich",
    },
    how_temporal="oder allein mit der Kommandozeile von Temporal:",
    how_key="Ihr Schlüssel (gilt einmal): {token}",
    quote_subject="Ihr Angebot {number} von {entity}",
    quote_text="anbei erhalten Sie unser Angebot {number} über {total}.",
    quote_valid="Es ist gültig bis {day}.",
    quote_page="Hier können Sie es ansehen, ändern, kommentieren oder annehmen:",
    quote_accept=(
        "Zum Annehmen antworten Sie {seller} mit Ihrer Bestellnummer und diesem Schlüssel:"
    ),
    quote_systems="Ihre Systeme können es auch direkt annehmen:",
    sign_subject="Bitte unterschreiben: Bestellschein {number}",
    sign_text="Anbei der Bestellschein {number} über {total}; er wartet auf Ihre Unterschrift.",
    sign_hash="Sie unterschreiben den Inhalt mit dieser Prüfsumme:",
    sign_how="So unterschreiben Sie:",
    signed_subject="Unterschrieben: Bestellschein {number}",
    signed_text="Alle haben den Bestellschein über {total} unterschrieben. Ihr Exemplar liegt bei.",
    confirmation_subject="Auftragsbestätigung {number}",
    confirmation_text=("vielen Dank. Wir bestätigen Ihren Auftrag {number} über {total}."),
    order_line="{quantity} x {item}: {status}",
    work_order_subject="Arbeitsauftrag {number}: {customer}",
    work_order_text=Plural(
        one="{count} Position für {customer}, Vorgang {deal}:",
        other="{count} Positionen für {customer}, Vorgang {deal}:",
    ),
    work_order_line="{quantity} x {item}",
    work_order_confirm="Bestätigen mit: {command}",
    delivery_subject="Lieferschein {number}",
    delivery_text=("der Lieferschein {number} führt auf, was Sie erhalten haben. Er liegt bei."),
    invoice_subject="Rechnung {number} von {entity}: {gross}, fällig {day}",
    invoice_text=("anbei erhalten Sie die Rechnung {number} über {gross}, fällig am {day}."),
    invoice_name="Bitte geben Sie bei der Zahlung {number} an.",
    amendment_subject="Vertragsänderung {number}",
    amendment_text="Ihr Vertrag wurde zum {day} geändert. Die Bestätigung {number} liegt bei.",
    credit_note_subject="Rechnungskorrektur {number} zu Rechnung {invoice}: {gross}",
    credit_note_text=(
        "anbei erhalten Sie die Rechnungskorrektur {number} über {gross} zu Rechnung {invoice}."
    ),
    credit_note_reason="Grund: {reason}.",
    statement_subject="Kontoauszug {number}: {balance}",
    statement_text="anbei erhalten Sie Ihren Kontoauszug bis {day}. Der Saldo beträgt {balance}.",
    receipt_subject="Zahlungsbestätigung {number}: {amount}",
    receipt_text=(
        "vielen Dank: Wir haben {amount} erhalten."
        " Womit die Zahlung verrechnet wurde, steht in der Bestätigung anbei."
    ),
    receipt_open="Noch offen: {balance}.",
    reminder_subject="{level} {number}: {total}",
    reminder_text=(
        "nach unseren Büchern sind {total} offen; das Schreiben anbei führt die Rechnungen auf."
    ),
    reminder_crossed="Falls Sie inzwischen gezahlt haben, ist diese Mail gegenstandslos.",
    reminder_ask="Fragen? Antworten Sie auf diese Mail oder fragen Sie {seller}.",
    renewal_subject="Verlängerung {number} von {entity}",
    renewal_text=(
        "Ihre Laufzeit endet bald. Die nächste bieten wir für {total} an; siehe {number}."
    ),
    renewal_accept="Um sie jetzt anzunehmen, antworten Sie mit diesem Schlüssel:",
    renewal_reminder_subject="Letzte Erinnerung: Verlängerung {number}",
    renewal_reminder_text=("über die Verlängerung {number} zu {total} ist noch nicht entschieden."),
    notice_renews="Ohne Kündigung bis {day} verlängert sich der Vertrag am {end}.",
    notice_ends="Bitte antworten Sie bis {day}; ohne Antwort endet der Vertrag.",
    alarm_subject="Verlängerung offen: Vorgang {deal}, {customer}",
    alarm_text="{customer} hat auf unser Verlängerungsangebot nicht geantwortet.",
    handover_subject="Zum Einzug übergeben? Vorgang {deal}, {customer}",
    handover_text="Alle Mahnungen an {customer} sind verschickt, und Rechnungen sind noch offen.",
    handover_decide="Entscheiden Sie:",
    ended_subject="Vorgang {deal} beendet: {outcome}",
    ended_text="Ihr Vorgang mit {customer} ist beendet: {outcome}.",
)

WORDS = Words(language="de", name="Deutsch", labels=_LABELS, mails=_MAILS, page=PAGE)
