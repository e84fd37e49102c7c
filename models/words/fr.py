"""French."""

from models.words.page_fr import PAGE
from models.words.vocabulary import Labels, MailWords, Plural, Words

_LABELS = Labels(
    quote="Devis",
    renewal_quote="Devis de renouvellement",
    order_form="Bon de commande",
    order_confirmation="Confirmation de commande",
    work_order="Ordre de travail",
    delivery_note="Bon de livraison",
    invoice="Facture",
    receipt="Reçu de paiement",
    reminder="Relance",
    prepared_for="Établi pour",
    bill_to="Facturé à",
    ship_to="Livré à",
    attention="À l'attention de {name}",
    your_contact="Votre contact",
    offered_by="Proposé par",
    offered_for="pour {entity}",
    tax_id="N° fiscal",
    vat_id="N° TVA",
    registration="Immatriculation",
    exemption="Exonération",
    customer_number="N° client",
    number="Numéro",
    version="Version",
    order_number="N° de commande",
    deal="Dossier",
    quote_number="Devis",
    date="Date",
    issue_date="Date d'émission",
    supply_date="Date de prestation",
    supply_period="Période",
    due_date="Échéance",
    valid_until="Valable jusqu'au",
    term="Durée",
    purchase_order="Votre commande n°",
    currency="Devise",
    payment_terms="Paiement",
    days_net=Plural(one="{count} jour net", other="{count} jours net"),
    payable_at_once="à réception",
    delivered_on="Livré le",
    wanted_on="Souhaité le",
    received_on="Reçu le",
    payment_reference="Référence",
    department="Service",
    pay_by="À payer avant le",
    last_notice="Préavis jusqu'au",
    position="N°",
    description="Désignation",
    quantity="Quantité",
    list_price="Prix public",
    unit_price="Prix unitaire",
    discount="Remise",
    price_change="Évolution du prix",
    amount="Montant",
    net="Net HT",
    rate="Taxe",
    included="inclus",
    one_time="paiement unique",
    by_usage="à l'usage",
    per_week="par semaine",
    per_month="par mois",
    per_quarter="par trimestre",
    per_half_year="par semestre",
    by_schedule="selon l'échéancier",
    for_recipient="pour {name}",
    per_year="par an",
    times=Plural(one="{count} fois", other="{count} fois"),
    in_advance="facturé d'avance",
    in_arrears="facturé à terme échu",
    once_discount="Remise unique de {amount} sur la première facturation",
    less_at_first=Plural(
        one="{amount} de moins sur {count} facturation",
        other="{amount} de moins sur {count} facturations",
    ),
    fee="forfait",
    flat_fee="forfait",
    item="Article",
    done="Fait",
    to_follow="Reste à livrer",
    to_follow_status="{quantity} en attente de stock",
    status="État",
    sku="Réf.",
    single_items="Autres articles",
    optional_items="Articles en option",
    optional_note=(
        "Ces articles sont proposés en complément et ne sont pas compris dans les totaux ci-dessus."
    ),
    subtotal="Sous-total {rhythm}",
    optional_total="En option, {rhythm}",
    once_discounts="Remises uniques",
    all_per="Total {rhythm}",
    times_amount="{count} \N{MULTIPLICATION SIGN} {amount} {rhythm}",
    per_in_all="{rhythm}, au total",
    list_total="Prix public",
    total_discount="Votre remise",
    contract_total="Total hors taxes",
    recurring_year="Valeur du contrat par an",
    previous_total="Période précédente",
    net_total="Total HT",
    tax_total="Total des taxes",
    gross_total="Total TTC",
    withheld="Moins {name} ({rate}), retenu par vous",
    amount_due="Montant à payer",
    total_due="Total dû",
    billing_plan="Échéancier de facturation",
    bill_on="Facturé le",
    on_delivery="à la livraison",
    for_what="Objet",
    for_period="Période",
    plan_lines=Plural(one="Ligne {numbers}", other="Lignes {numbers}"),
    plan_line_count=Plural(one="{count} ligne", other="{count} lignes"),
    plan_total="Total hors taxes",
    usage_note=(
        "Les consommations sont facturées au fur et à mesure et ne sont pas comprises dans le"
        " total."
    ),
    usage_estimate="Estimation\xa0: {amount} pour {quantity}",
    terms="Conditions",
    validity_terms="Ce devis peut être accepté jusqu'au {day} inclus.",
    payment_sentence=Plural(
        one="Les factures sont payables dans un délai de {count} jour à compter de leur émission.",
        other=(
            "Les factures sont payables dans un délai de {count} jours à compter de leur émission."
        ),
    ),
    payment_at_once="Les factures sont payables à réception.",
    term_sentence=Plural(
        one="La durée est de {count} mois\xa0: {period}.",
        other="La durée est de {count} mois\xa0: {period}.",
    ),
    renewal_sentence=Plural(
        one="Elle se renouvelle ensuite par périodes de {count} mois, sauf préavis.",
        other="Elle se renouvelle ensuite par périodes de {count} mois, sauf préavis.",
    ),
    ending_sentence="Elle prend fin le dernier jour, sauf accord sur une nouvelle période.",
    notice_sentence=Plural(
        one="Le préavis est de {count} jour avant la fin, soit au plus tard le {day}.",
        other="Le préavis est de {count} jours avant la fin, soit au plus tard le {day}.",
    ),
    renew_sentence=(
        "Le contrat est renouvelé pour cette durée, sauf préavis donné au plus tard le {day}."
    ),
    expire_sentence="Le contrat prend fin si ce devis n'est pas accepté.",
    taxes_default=(
        "Les prix s'entendent hors taxes\xa0; la taxe est ajoutée à chaque facture selon les règles"
        " du lieu de prestation."
    ),
    taxes_included=(
        "Les prix comprennent la taxe du lieu de prestation\xa0; chaque facture l'indique."
    ),
    note="Remarque",
    tax_summary="Taxes",
    tax_category="Catégorie",
    taxable="Base imposable",
    tax="Taxe",
    category_names={
        "S": "Taux applicable",
        "AE": "Autoliquidation",
        "Z": "Taux zéro",
        "E": "Exonéré",
        "O": "Hors champ",
        "G": "Exportation",
        "K": "Livraison intracommunautaire",
        "L": "Îles Canaries (IGIC)",
        "M": "Ceuta et Melilla (IPSI)",
    },
    category_reasons={
        "AE": "Autoliquidation\xa0: la taxe est due par le preneur.",
        "K": "Livraison intracommunautaire exonérée de TVA.",
        "G": "Exportation exonérée de TVA.",
    },
    payment="Paiement",
    pay_sentence="Merci de payer {amount} avant le {day} en indiquant la référence {number}.",
    credit_sentence="Aucun paiement n'est dû pour cette facture.",
    account_holder="Titulaire",
    bank="Banque",
    account="Compte / IBAN",
    bic="BIC",
    routing="Code banque",
    agreement="Accord",
    agreement_sentence=(
        "Par leur signature, les parties acceptent les biens, services, prix et conditions de ce"
        " bon de commande, établi d'après le devis {number}, version {version}."
    ),
    content_hash="Contenu du devis (SHA-256)\xa0: {hash}",
    signature="Signature",
    signature_date="Date",
    signed="Signé électroniquement le {moment}",
    signed_hash="Document signé (SHA-256)\xa0: {hash}",
    signature_verified="Identité vérifiée",
    unverified="non vérifié",
    signature_unverified="Non vérifié\xa0: l'identité du signataire n'a pas été contrôlée",
    confirmation_sentence="Nous vous remercions de votre commande, que nous confirmons comme suit.",
    unverified_title="Décisions non vérifiées",
    unverified_sentence=(
        "L'identité des auteurs de ces décisions n'a pas été contrôlée\xa0; elles figurent telles"
        " qu'elles ont été enregistrées."
    ),
    actions={
        "approved": "approuvé",
        "accepted": "accepté",
        "signed": "signé",
        "renewed": "renouvelé",
    },
    signs_for={"customer": "pour le client", "seller": "pour le vendeur"},
    received_sentence="Reçu complet et en bon état",
    amendment="Avenant au contrat",
    amended_from="En vigueur à partir du",
    amended_on="Convenu le",
    amended_by="Accepté par",
    amended_why="Motif",
    quantity_before="Quantité avant",
    quantity_after="Quantité désormais",
    amount_before="Montant avant",
    amount_after="Montant désormais",
    value_before="Valeur du contrat avant",
    value_after="Valeur du contrat désormais",
    given_back="Avoir pour les jours déjà facturés",
    no_longer_billed="Montant qui n'est plus facturé",
    billed_instead="Facturé à la place",
    rests_sentence="Le service est suspendu du {start} au {end}.",
    ends_sentence="Le dernier jour du contrat est le {day}.",
    amendment_sentence=(
        "La version {version} du contrat est en vigueur à partir du {day}."
        " Tout le reste demeure comme convenu."
    ),
    receipt_sentence="Nous avons bien reçu votre paiement de {amount}. Merci.",
    applied_to="Imputé sur la facture",
    payment_amount="Paiement reçu",
    unapplied="Non encore imputé",
    balance="Solde restant dû",
    greeting="Madame, Monsieur,",
    reminder_sentences=(
        (
            "Les factures ci-dessous arrivent bientôt à échéance. Ce rappel n'a d'autre but que de"
            " vous faciliter leur règlement à temps."
        ),
        (
            "Les factures ci-dessous ont peut-être échappé à votre attention. Sauf erreur de notre"
            " part, elles restent ouvertes, et nous vous remercions de bien vouloir les régler."
        ),
        (
            "Sauf erreur de notre part, les factures ci-dessous sont en retard de paiement. Merci"
            " de procéder à leur règlement ou de nous signaler tout point à éclaircir."
        ),
        (
            "Malgré nos précédentes relances, les factures ci-dessous restent impayées. Veuillez"
            " régler le total sans attendre, ou appelez-nous dès aujourd'hui afin de convenir d'une"
            " solution."
        ),
        (
            "Ceci est notre dernière relance. À défaut de paiement du total dans le délai, nous"
            " pourrons restreindre nos services et confier le dossier au recouvrement."
        ),
    ),
    reminder_crossed=(
        "Si votre paiement est déjà en route, merci de ne pas tenir compte de ce courrier."
    ),
    issued="Émise le",
    due="Échéance",
    days_overdue="Jours de retard",
    invoice_amount="Montant",
    open_amount="Reste dû",
    statuses={
        "open": "ouvert",
        "reserved": "réservé",
        "back_ordered": "en attente de stock",
        "shipped": "expédié",
        "delivered": "livré",
        "provisioned": "mis en service",
        "canceled": "annulé",
    },
    level_names={
        "pre-reminder": "Rappel d'échéance",
        "friendly reminder": "Rappel amical",
        "first notice": "Première relance",
        "second notice": "Deuxième relance",
        "final notice": "Dernière relance",
    },
    level="niveau {level}",
    credit_note="Avoir",
    corrects="Rectifie la facture",
    invoiced_on="Facture du",
    credit_reason="Motif",
    credit_note_sentence="Cet avoir annule ce qui suit de la facture {number} du {day}.",
    credit_note_settled=(
        "Le montant est imputé sur la facture ; ce qui était déjà payé reste à votre crédit."
    ),
    total_credited="Total de l'avoir",
    statement="Relevé de compte",
    since="Du",
    until="Au",
    document="Pièce",
    opening_balance="Solde initial",
    closing_balance="Solde final",
    statement_sentence=(
        "Un solde négatif est en votre faveur. Merci de nous dire si le vôtre diffère."
    ),
    not_overdue="non échu",
    movements={
        "invoice": "Facture",
        "credit_note": "Avoir",
        "payment": "Paiement",
        "void": "Facture annulée",
        "withheld": "Retenue à la source",
    },
    page_of="Page {page} sur {pages}",
    test_clock="HORLOGE DE TEST - document sans valeur juridique",
)

_MAILS = MailWords(
    greeting="Bonjour,",
    closing="Cordialement",
    approval_opening="À approuver",
    approval_reminder="Rappel, à approuver",
    approval_escalated="Transmis par {person}, à approuver",
    approval_subject="{opening}\xa0: dossier {deal}, {customer}, {total}",
    approval_offer="{seller} propose {total} à {customer}.",
    approval_reasons="Votre accord est demandé pour ces raisons\xa0:",
    approval_ask="Le devis est joint. Pour approuver\xa0:",
    approval_refuse=(
        "Pour refuser, écrivez `reject` au lieu de `approve` et donnez une raison (--reason).\n"
        "Votre accord vaut pour ce contenu précis\xa0; s'il change, il vous sera redemandé."
    ),
    approval_by_command="ou par commande\xa0:",
    approval_instead="{opening} (à la place de {person})",
    countered_subject="Contre-proposition au devis {number}\xa0: {customer}",
    countered_text="{person} n'approuve pas le devis {number} de {total}, mais approuverait\xa0:",
    countered_ask=(
        "Proposez exactement cela dans une nouvelle version, alors approuvée,\n"
        "ou soumettez-le à nouveau tel quel\xa0:"
    ),
    recalled_subject="Retiré\xa0: devis {number} pour {customer}",
    recalled_text=(
        "{seller} a retiré le devis {number} de {total}.\n"
        "Vous n'avez pas à décider\xa0; s'il est soumis à nouveau, vous serez consulté à nouveau."
    ),
    case_text="{person} vous demande de décider : {title}.",
    case_ask="Pour approuver :",
    case_refuse=(
        "Pour refuser, utilisez `reject` au lieu de `approve` et donnez un motif (--reason)."
    ),
    case_closed_subject="{title} : {status}",
    case_closed_text="Votre demande est {status} : {title}.",
    case_status={
        "done": "exécutée",
        "rejected": "refusée",
        "withdrawn": "retirée",
        "failed": "approuvée, mais devenue impossible",
    },
    how_temporal="ou, avec la seule ligne de commande de Temporal\xa0:",
    how_key="Votre code (à usage unique)\xa0: {token}",
    quote_subject="Votre devis {number} de {entity}",
    quote_text="Veuillez trouver ci-joint notre devis {number} d'un montant de {total}.",
    quote_valid="Il est valable jusqu'au {day}.",
    quote_page="Consultez-le, modifiez-le, commentez-le ou acceptez-le ici\xa0:",
    quote_accept="Pour l'accepter, répondez à {seller} avec votre n° de commande et ce code\xa0:",
    quote_systems="Vos systèmes peuvent aussi l'accepter directement\xa0:",
    sign_subject="À signer\xa0: bon de commande {number}",
    sign_text="Le bon de commande {number} de {total} est joint et attend votre signature.",
    sign_hash="Vous signez le contenu portant cette empreinte\xa0:",
    sign_how="Pour signer\xa0:",
    signed_subject="Signé\xa0: bon de commande {number}",
    signed_text="Le bon de commande de {total} est signé par tous. Votre exemplaire est joint.",
    confirmation_subject="Confirmation de commande {number}",
    confirmation_text=("Merci. Nous confirmons votre commande {number} d'un montant de {total}."),
    order_line="{quantity} x {item}\xa0: {status}",
    work_order_subject="Ordre de travail {number}\xa0: {customer}",
    work_order_text=Plural(
        one="{count} ligne pour {customer}, dossier {deal}\xa0:",
        other="{count} lignes pour {customer}, dossier {deal}\xa0:",
    ),
    work_order_line="{quantity} x {item}",
    work_order_confirm="À confirmer par\xa0: {command}",
    delivery_subject="Bon de livraison {number}",
    delivery_text=("Le bon de livraison {number} ci-joint énumère ce que vous avez reçu."),
    invoice_subject="Facture {number} de {entity}\xa0: {gross}, échéance {day}",
    invoice_text=(
        "Veuillez trouver ci-joint la facture {number} de {gross}. Elle est payable avant le {day}."
    ),
    invoice_name="Merci d'indiquer {number} lors du paiement.",
    amendment_subject="Avenant {number}",
    amendment_text=(
        "Votre contrat a été modifié à partir du {day}. La confirmation {number} est jointe."
    ),
    credit_note_subject="Avoir {number} sur la facture {invoice} : {gross}",
    credit_note_text=(
        "veuillez trouver ci-joint l'avoir {number} de {gross} sur la facture {invoice}."
    ),
    credit_note_reason="Motif : {reason}.",
    statement_subject="Relevé de compte {number} : {balance}",
    statement_text="votre relevé de compte au {day} est joint. Le solde est de {balance}.",
    receipt_subject="Reçu {number}\xa0: {amount}",
    receipt_text=(
        "Merci, nous avons bien reçu {amount}. Le reçu ci-joint indique ce que ce paiement a soldé."
    ),
    receipt_open="Reste dû\xa0: {balance}.",
    reminder_subject="{level} {number}\xa0: {total}",
    reminder_text=(
        "D'après nos comptes, {total} restent dus\xa0; la lettre jointe énumère les factures."
    ),
    reminder_crossed="Si vous avez payé entre-temps, merci de ne pas tenir compte de ce message.",
    reminder_ask="Une question\xa0? Répondez à ce message ou demandez à {seller}.",
    renewal_subject="Renouvellement {number} de {entity}",
    renewal_text=(
        "Votre période se termine bientôt. La suivante est proposée à {total}\xa0; voir {number}."
    ),
    renewal_accept="Pour l'accepter dès maintenant, répondez avec ce code\xa0:",
    renewal_reminder_subject="Dernier rappel\xa0: renouvellement {number}",
    renewal_reminder_text=("Le renouvellement {number} de {total} attend encore votre décision."),
    notice_renews="Sans préavis avant le {day}, le contrat est renouvelé le {end}.",
    notice_ends="Merci de répondre avant le {day}\xa0; sans réponse, le contrat prend fin.",
    alarm_subject="Renouvellement en suspens\xa0: dossier {deal}, {customer}",
    alarm_text="{customer} n'a pas répondu à notre devis de renouvellement.",
    handover_subject="Remettre au recouvrement\xa0? Dossier {deal}, {customer}",
    handover_text="Toutes les relances à {customer} sont parties et des factures restent ouvertes.",
    handover_decide="À décider\xa0:",
    ended_subject="Dossier {deal} terminé\xa0: {outcome}",
    ended_text="Votre dossier avec {customer} est terminé\xa0: {outcome}.",
)

WORDS = Words(language="fr", name="Français", labels=_LABELS, mails=_MAILS, page=PAGE)
