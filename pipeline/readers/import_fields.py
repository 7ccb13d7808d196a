"""The fields of each import target, with the words that German and English sheets use for them."""

from dataclasses import replace

from integrations.imports.fields import Choice, Field, FieldType
from pipeline.readers import hubspot, salesforce
from tenancy.likely_days import HAPPENED

T = FieldType


def _id(label: str, *aliases: str) -> Field:
    return Field("external_id", label, T.ID, aliases=("external id", "id", *aliases), max_length=200)


def _owner(*aliases: str) -> Field:
    return Field(
        "owner",
        "Owner",
        T.REFERENCE,
        refers_to="people",
        aliases=("owner name", "sales agent", "agent", "sales rep", "salesperson", "employee id", "employee",
                 "account manager", "rep", "Betreuer", "Verkäufer", "Vertreter", "Außendienst", "Zuständig", *aliases),
    )  # fmt: skip


_ACCOUNT_REFERENCE_WORDS = (
    "account", "account id", "customer", "customer id", "customer no", "customer number", "customer name", "company",
    "company name", "company id", "client", "Kunde", "Kundennr", "Kundennummer", "Kundenname", "Firma",
)  # fmt: skip
_CURRENCY = Field("currency", "Currency", T.CURRENCY, aliases=("currency code", "Währung", "Waehrung"))
_CREATED = Field(
    "created_at", "Created", T.MOMENT,
    aliases=("created", "created date", "created on", "create date", "Angelegt", "Angelegt am", "Erstellt am"),
    help="When the source first knew the record.",
)  # fmt: skip
_DELETED = Field("is_deleted", "Deleted there", T.BOOLEAN, aliases=("IsDeleted", "deleted", "archived", "gelöscht"))

PEOPLE = (
    _id("Person id", "user id", "employee id", "employee no", "Personalnummer", "Mitarbeiter-Nr"),
    Field("name", "Name", T.NAME, aliases=(
        "full name", "sales agent", "sales rep", "salesperson", "agent", "rep", "employee", "employee name", "user",
        "user name", "owner", "owner name", "Mitarbeiter", "Verkäufer", "Vertreter"), max_length=200),
    Field("first_name", "First name", T.NAME, aliases=("first name", "given name", "Vorname"), max_length=100),
    Field("last_name", "Last name", T.NAME, aliases=("last name", "surname", "family name", "Nachname"),
        max_length=100),
    Field("email", "E-mail", T.EMAIL, aliases=("email address", "mail", "e mail", "E-Mail-Adresse")),
    Field("title", "Job title", T.TEXT, aliases=("title", "job title", "position", "Funktion", "Stelle"),
        max_length=120),
    Field("manager", "Manager", T.REFERENCE, refers_to="people",
          aliases=("manager name", "reports to", "supervisor", "Vorgesetzter", "Vorgesetzte")),
    Field("is_active", "Active", T.BOOLEAN, aliases=("is active", "aktiv")),
)  # fmt: skip

LIFECYCLE = (
    Choice("prospect", "Prospect", (
        "lead", "marketing qualified lead", "marketingqualifiedlead", "sales qualified lead", "salesqualifiedlead",
        "subscriber", "opportunity", "target", "Interessent", "potential")),
    Choice("customer", "Customer", (
        "client", "active", "evangelist", "customer - direct", "customer - channel", "channel partner / reseller",
        "partner", "reseller", "Kunde", "Bestandskunde", "installation partner", "technology partner")),
    Choice("former", "Former customer", ("former customer", "churned", "inactive", "lost", "ehemalig", "ex-customer")),
)  # fmt: skip
SEGMENTS = (
    Choice("key", "Key", ("key account", "strategic", "a", "Schlüsselkunde")),
    Choice("large", "Large", ("enterprise", "b", "groß")),
    Choice("medium", "Medium", ("mid-market", "mid market", "midmarket", "c", "mittel")),
    Choice("small", "Small", ("smb", "sme", "d", "klein")),
)
ICP = (Choice("a", "A", ("1", "high")), Choice("b", "B", ("2", "medium")), Choice("c", "C", ("3", "low")))

ACCOUNTS = (
    _id("Account id", "account id", "account no", "account number", "customer id", "customer no", "customer number",
        "customer key", "company id", "client id", "Kundennr", "Kunden-Nr.", "Kundennummer", "Debitor",
        "Debitorennummer"),
    Field("name", "Name", T.NAME, required=True, aliases=(
        "account", "account name", "company", "company name", "customer", "customer name", "organization",
        "organisation", "organisation name", "organization name", "business name", "client", "client name",
        "reseller name", "Firma", "Firmenname", "Kunde", "Kundenname", "Unternehmen", "Name 1"), max_length=300),
    Field("parent", "Parent account", T.REFERENCE, refers_to="accounts", aliases=(
        "parent", "parent company", "subsidiary of", "parent id", "holding", "Muttergesellschaft", "Konzern")),
    _owner("account owner"),
    Field("lifecycle", "Lifecycle", T.CHOICE, choices=LIFECYCLE, aliases=("type", "status", "customer status")),
    Field("segment", "Segment", T.CHOICE, choices=SEGMENTS, aliases=(
        "customer segment", "tier", "size class", "ABC", "Kundensegment", "Kundenklasse")),
    Field("industry", "Industry", T.TEXT, aliases=("sector", "vertical", "business type", "Branche", "Industrie"),
          max_length=120),
    Field("region", "Region", T.TEXT, aliases=("state", "province", "territory", "area", "Bundesland", "Gebiet"),
          max_length=120),
    Field("country", "Country", T.COUNTRY, aliases=(
        "country code", "country name", "office location", "hq country", "Land", "Staat")),
    Field("city", "City", T.TEXT, aliases=("town", "Ort", "Stadt"), max_length=120),
    Field("website", "Website", T.WEBSITE, aliases=("web site", "url", "homepage", "web", "Webseite", "Internet"),
          max_length=300),
    Field("employees", "Employees", T.INTEGER, low=0, high=10_000_000, aliases=(
        "number of employees", "number employees", "headcount", "staff", "company size", "Mitarbeiter",
        "Mitarbeiterzahl", "Anzahl Mitarbeiter", "Anz. MA")),
    Field("annual_revenue", "Annual revenue", T.MONEY, aliases=(
        "revenue", "turnover", "sales", "annual sales", "Umsatz", "Jahresumsatz", "Umsatz lfd")),
    Field("potential", "Potential", T.MONEY, aliases=("sales potential", "annual potential", "Potenzial",
        "Potential p.a.")),
    _CURRENCY,
    Field("customer_since", "Customer since", T.DATE, aliases=("customer since date", "first order date",
        "Kunde seit"), years_ahead=HAPPENED),
    Field("icp_fit", "Fit", T.CHOICE, choices=ICP, aliases=("icp", "icp fit", "ideal customer fit")),
    _CREATED,
    _DELETED,
)  # fmt: skip

CONTACT_ROLES = (
    Choice(
        "decides", "Decides", ("decision maker", "economic buyer", "decision_maker", "entscheider", "executive sponsor")
    ),
    Choice("uses", "Uses", ("user", "end user", "end_user", "anwender")),
    Choice("approves", "Approves", ("approver", "budget holder", "budget_holder", "legal and compliance", "freigeber")),
    Choice(
        "influences", "Influences", ("influencer", "champion", "evaluator", "technical buyer", "beeinflusser", "other")
    ),
)

CONTACTS = (
    _id("Contact id", "contact id", "person id", "contact no"),
    Field("account", "Account", T.REFERENCE, refers_to="accounts", aliases=_ACCOUNT_REFERENCE_WORDS),
    Field("name", "Name", T.NAME, aliases=("full name", "contact", "contact name", "contact person",
                                           "Ansprechpartner", "Kontakt"), max_length=200),
    Field("first_name", "First name", T.NAME, aliases=("first name", "given name", "Vorname"), max_length=100),
    Field("last_name", "Last name", T.NAME, aliases=("last name", "surname", "family name", "Nachname"),
        max_length=100),
    Field("email", "E-mail", T.EMAIL, aliases=("email address", "mail", "e mail", "E-Mail-Adresse")),
    Field("phone", "Phone", T.TEXT, aliases=("telephone", "phone number", "mobile", "Telefon", "Tel", "Telefonnummer"),
          max_length=60),
    Field("title", "Job title", T.TEXT, aliases=("job title", "contact title", "position", "Funktion", "Abteilung"),
          max_length=200),
    Field("role", "Buying role", T.CHOICE, choices=CONTACT_ROLES, aliases=("buying role", "contact role", "Rolle")),
    Field("is_decision_maker", "Decision maker", T.BOOLEAN, aliases=("is decision maker", "Entscheider")),
    Field("opted_out", "Opted out", T.BOOLEAN, aliases=("email opt out", "do not contact", "unsubscribed")),
    _owner("contact owner"),
    _CREATED,
    _DELETED,
)  # fmt: skip

PRODUCTS = (
    _id("Product id", "product id", "article no", "article number", "item no", "item number", "sku", "stock code",
        "material", "material number", "Artikelnummer", "Artikel-Nr.", "Artikelnr"),
    Field("name", "Name", T.NAME, required=True, aliases=(
        "product", "product name", "article", "item", "item name", "Artikel", "Artikelname",
        "Bezeichnung", "Produkt"), max_length=300),
    Field("code", "Code", T.ID, aliases=("product code", "short code", "Kurzbezeichnung"), max_length=100),
    Field("family", "Family", T.TEXT, aliases=(
        "product family", "series", "product series", "product line", "category", "category name", "group",
        "product group", "Produktgruppe", "Warengruppe", "Baureihe"), max_length=120),
    Field("list_price", "List price", T.MONEY, aliases=(
        "price", "unit price", "sales price", "list price", "retail price", "Preis", "Listenpreis", "Verkaufspreis")),
    _CURRENCY,
    Field("is_active", "Active", T.BOOLEAN, aliases=("is active", "aktiv")),
    _DELETED,
    Field("discontinued", "Discontinued", T.BOOLEAN, aliases=("is discontinued", "ausgelaufen", "inactive")),
)  # fmt: skip

STAGE_KINDS = (
    Choice("open", "Open", (
        "new", "prospecting", "qualification", "engaging", "discovery", "proposal", "negotiation", "in progress",
        "offen", "Angebot", "Verhandlung", "Erstkontakt")),
    Choice("won", "Won", ("closed won", "closedwon", "closed - won", "gewonnen", "Auftrag erhalten")),
    Choice("lost", "Lost", ("closed lost", "closedlost", "closed - lost", "verloren", "abgesagt")),
)  # fmt: skip

OPPORTUNITIES = (
    _id("Deal id", "opportunity id", "deal id", "opportunity no", "opportunity number", "Chancen-Nr.",
        "Verkaufschance-Nr"),
    Field("name", "Name", T.NAME, aliases=("deal name", "opportunity name", "deal", "opportunity", "subject", "title",
                                           "Verkaufschance", "Projekt", "Bezeichnung"), max_length=300),
    Field("account", "Account", T.REFERENCE, refers_to="accounts", aliases=_ACCOUNT_REFERENCE_WORDS,
          expected="The deal is kept without an account."),
    _owner("deal owner", "opportunity owner"),
    Field("product", "Main product", T.REFERENCE, refers_to="products", aliases=(
        "product", "product id", "product name", "main product", "Produkt", "Artikel")),
    Field("stage", "Stage", T.MAPPED, required=True, kinds=STAGE_KINDS, aliases=(
        "deal stage", "sales stage", "opportunity stage", "phase", "Phase", "Verkaufsphase", "Status", "stage name")),
    Field("amount", "Amount", T.MONEY, aliases=(
        "value", "deal value", "close value", "deal amount", "opportunity amount", "expected revenue", "Wert",
        "Betrag", "Auftragswert", "Volumen", "Angebotswert")),
    _CURRENCY,
    Field("close_date", "Close date", T.DATE, aliases=(
        "expected close date", "closing date", "closed date", "close", "Abschlussdatum", "Abschluss",
            "Erwarteter Abschluss")),
    Field("opened_at", "Opened", T.MOMENT, aliases=(
        "engage date", "open date", "opened", "start date", "created", "created date", "create date", "created on",
        "Angelegt am", "Eröffnet am", "Beginn"), expected="The deal begins on the last day that the files tell of."),
    Field("next_step", "Next step", T.TEXT, aliases=("next action", "Nächster Schritt"), max_length=500),
    Field("next_step_date", "Next step date", T.DATE, aliases=("next action date", "next activity date")),
    Field("lost_reason", "Lost reason", T.TEXT, aliases=("loss reason", "reason lost", "Verlustgrund"), max_length=300),
    _DELETED,
    Field("is_closed", "Is closed (says which stages are)", T.BOOLEAN, aliases=("closed",)),
    Field("is_won", "Is won (says which stages are)", T.BOOLEAN, aliases=("won",)),
    Field("is_lost", "Is lost (says which stages are)", T.BOOLEAN, aliases=("lost",)),
)  # fmt: skip

ACTIVITY_KINDS = (
    Choice("call", "Call", ("phone call", "telephone", "anruf", "telefonat", "calls")),
    Choice("meeting", "Meeting", ("visit", "event", "demo", "termin", "besuch", "meetings", "appointment")),
    Choice("email", "E-mail", ("mail", "e-mail", "emails", "incoming_email", "forwarded_email", "list email")),
    Choice("note", "Note", ("notes", "comment", "notiz")),
    Choice("inquiry", "Inquiry", ("enquiry", "request", "anfrage", "web form")),
    Choice("task", "Task", ("to-do", "todo", "aufgabe", "tasks", "other")),
)
DIRECTIONS = (
    Choice("in", "In", ("inbound", "incoming", "incoming_email", "eingehend", "received")),
    Choice("out", "Out", ("outbound", "outgoing", "email", "ausgehend", "sent")),
)

ACTIVITIES = (
    _id("Activity id", "activity id", "task id", "event id"),
    Field("kind", "Kind", T.CHOICE, required=True, choices=ACTIVITY_KINDS, aliases=(
        "type", "activity type", "activity", "kind", "Art", "Aktivität", "Aktivitätsart")),
    Field("occurred_at", "When", T.MOMENT, required=True, aliases=(
        "date", "activity date", "date time", "timestamp", "start", "start time", "Datum", "Zeitpunkt", "Termin")),
    Field("account", "Account", T.REFERENCE, refers_to="accounts", aliases=_ACCOUNT_REFERENCE_WORDS),
    Field("contact", "Contact", T.REFERENCE, refers_to="contacts", aliases=(
        "contact id", "contact name", "person", "Ansprechpartner")),
    Field("opportunity", "Deal", T.REFERENCE, refers_to="opportunities", aliases=(
        "opportunity id", "deal id", "deal name", "opportunity name")),
    Field("member", "By", T.REFERENCE, refers_to="people", aliases=(
        "owner", "user", "assigned to", "by", "sales rep", "sales agent", "employee", "employee id", "Mitarbeiter",
        "Betreuer")),
    Field("direction", "Direction", T.CHOICE, choices=DIRECTIONS, aliases=("in or out", "Richtung")),
    Field("subject", "Subject", T.TEXT, aliases=("title", "topic", "Betreff", "Thema"), max_length=300),
    Field("body", "Notes", T.LONG_TEXT, aliases=("notes", "note", "comment", "comments", "description", "text",
                                                 "Notiz", "Bemerkung", "Beschreibung"), max_length=20_000),
    _DELETED,
    Field("is_two_way", "Two-way", T.BOOLEAN, aliases=("two way", "reached", "connected", "answered")),
)  # fmt: skip

ORDER_STATUSES = (
    Choice(
        "open", "Open", ("new", "draft", "pending", "processing", "confirmed", "activated", "offen", "in bearbeitung")
    ),
    Choice("shipped", "Shipped", ("sent", "dispatched", "versendet", "versandt")),
    Choice("delivered", "Delivered", ("complete", "completed", "fulfilled", "geliefert", "erledigt")),
    Choice("invoiced", "Invoiced", ("billed", "paid", "closed", "fakturiert", "bezahlt")),
    Choice("cancelled", "Cancelled", ("canceled", "returned", "storniert")),
)

ORDERS = (
    _id("Order id", "order id", "order no", "order number", "sales order", "invoice no", "invoice number",
        "Auftragsnummer", "Auftrag", "Auftragsnr", "Bestellnummer", "Rechnungsnummer"),
    Field("number", "Number", T.ID, aliases=("order reference", "po number"), max_length=100),
    Field("account", "Account", T.REFERENCE, refers_to="accounts", aliases=_ACCOUNT_REFERENCE_WORDS,
          expected="The order is kept without an account."),
    _owner("order owner"),
    Field("order_date", "Order date", T.DATE, required=True, aliases=(
        "date", "ordered", "ordered at", "order placed", "invoice date", "Auftragsdatum", "Bestelldatum", "Datum",
        "Rechnungsdatum"), years_ahead=HAPPENED),
    Field("promised_date", "Promised date", T.DATE, aliases=(
        "required date", "due date", "requested date", "delivery date", "promised", "Liefertermin", "Wunschtermin")),
    Field("shipped_date", "Shipped date", T.DATE, aliases=("ship date", "shipped", "dispatched", "Versanddatum"),
        years_ahead=HAPPENED),
    Field("status", "Status", T.CHOICE, choices=ORDER_STATUSES, aliases=("order status", "state", "Auftragsstatus")),
    _DELETED,
    Field("amount", "Amount", T.MONEY, aliases=(
        "total", "order total", "net amount", "order value", "revenue", "order amount", "Betrag", "Auftragswert",
            "Summe",
        "Nettobetrag"), help="Left out when the order has lines: their sum counts."),
    _CURRENCY,
)  # fmt: skip

ORDER_LINES = (
    _id("Line id", "line id", "order line id", "order detail id", "item id", "row id"),
    Field("order", "Order", T.REFERENCE, required=True, refers_to="orders", aliases=(
        "order id", "order no", "order number", "sales order", "invoice no", "invoice number", "Auftragsnummer",
        "Auftrag", "Bestellnummer", "Rechnungsnummer")),
    Field("product", "Product", T.REFERENCE, refers_to="products", aliases=(
        "product id", "product name", "product code", "article", "article no", "sku", "item", "stock code", "Artikel",
        "Artikelnummer", "Produkt", "Material")),
    Field("product_name", "Product text", T.TEXT, aliases=("description", "line text", "Bezeichnung"), max_length=300),
    Field("quantity", "Quantity", T.NUMBER, required=True, aliases=("qty", "units", "Menge", "Anzahl", "Stück")),
    Field("unit_price", "Unit price", T.UNIT_PRICE, required=True, aliases=(
        "price", "net price", "sales price", "Preis", "Einzelpreis", "Stückpreis")),
    Field("discount", "Discount", T.PERCENT, aliases=("discount rate", "discount percent", "rebate", "Rabatt",
        "Nachlass")),
    Field("cost", "Cost", T.MONEY, aliases=("unit cost", "line cost", "cost price", "Kosten", "Einstand")),
    Field("position", "Position", T.INTEGER, low=0, high=100_000, aliases=("line no", "line number", "pos",
        "Position")),
)  # fmt: skip

SATISFACTION_RESPONSES = (
    _id("Answer id", "response id", "answer id", "submission id"),
    Field("account", "Account", T.REFERENCE, required=True, refers_to="accounts", aliases=_ACCOUNT_REFERENCE_WORDS),
    Field("contact", "Contact", T.REFERENCE, refers_to="contacts", aliases=("contact id", "contact name",
        "respondent")),
    Field("score", "Score, 0 to 10", T.INTEGER, required=True, low=0, high=10, aliases=(
        "nps", "nps score", "rating", "likelihood to recommend", "NPS-Wert", "Bewertung", "Note")),
    Field("responded_at", "Answered", T.MOMENT, required=True, aliases=(
        "date", "response date", "responded", "submitted", "submitted at", "answered at", "Datum", "Antwortdatum")),
    Field("comment", "Comment", T.LONG_TEXT, aliases=("comments", "reason", "feedback", "Kommentar"),
        max_length=20_000),
    Field("survey", "Survey", T.TEXT, aliases=("survey name", "campaign", "Umfrage"), max_length=120),
)  # fmt: skip


def with_crm_names(target: str, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields with the names of Salesforce and HubSpot added to their aliases."""
    return tuple(
        replace(
            found,
            aliases=(
                *found.aliases,
                *salesforce.FIELD_NAMES.get(target, {}).get(found.name, ()),
                *hubspot.FIELD_NAMES.get(target, {}).get(found.name, ()),
            ),
        )
        for found in fields
    )
