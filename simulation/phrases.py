"""What people write into a CRM: subjects and notes of activities, comments of satisfied and of waiting customers."""

SUBJECTS: dict[str, tuple[str, ...]] = {
    "call": (
        "Call on delivery dates",
        "Call on open points of the offer",
        "Checked demand for next quarter",
        "Asked for the load data",
        "Call after the last delivery",
        "No answer, left a message",
        "Call on prices for the framework",
        "Talked about the plans for the new line",
    ),
    "meeting": (
        "Visit at the plant",
        "Video meeting with engineering",
        "Quarterly review",
        "Walk through the test results",
        "Meeting on the framework agreement",
        "Joint visit with the application engineer",
    ),
    "email": (
        "Technical data sheet",
        "Question on lead times",
        "Minutes of our meeting",
        "Updated price list",
        "Documents for the approval",
        "Appointment next week",
        "Drawing of the mounting plate",
        "Confirmation of the delivery date",
    ),
    "note": (
        "Budget is decided in the new year",
        "New head of production",
        "They test another maker's drive",
        "Hall extension planned",
        "Wants one contact for all plants",
        "Stock is above target",
    ),
    "inquiry": (
        "Request for a quotation",
        "Asks for availability",
        "Asks for a replacement type",
        "Request for samples",
        "Asks for a technical consultation",
    ),
}

BODIES: dict[str, tuple[str, ...]] = {
    "call": (
        "Delivery in four weeks is fine. They will send the order once the drawing is released.",
        "Purchasing compares three offers. Price is not the first point, the date is.",
        "Line runs at 80 %, spare parts are planned for the summer stop.",
        "They are content with the last batch and asked about the next size up.",
        "Will talk to the plant manager and come back to us.",
    ),
    "meeting": (
        "Six people from production and purchasing. Load cycle agreed, open: cable lengths and the safety encoder.",
        "Went through the installed base. Twelve drives are older than ten years.",
        "Test ran four hours without a fault. Engineering is convinced, purchasing wants a better price.",
        "Agreed on the next steps: revised offer from us, decision-maker joins the next meeting.",
        "They showed the new line. Start of production moved by two months.",
    ),
    "email": (
        "Sent the data sheet and the certificate.",
        "They ask whether the lead time holds for double the quantity.",
        "Attached the minutes and the list of open points.",
    ),
    "note": (
        "Heard it from the maintenance lead during the visit.",
        "To be checked before the next call.",
        "The old contact has left, the successor starts next month.",
    ),
    "inquiry": (
        "Came through the web form. Wants an answer this week.",
        "Came by phone. Needs the price for 50 and for 200 pieces.",
        "Asks for a delivery date before the summer stop.",
        "Their machine is standing still, they need it fast.",
    ),
}

PRAISE = (
    "Quick answers, one contact who knows our plant.",
    "The engineer solved it on the first visit.",
    "Good quality, no failure in three years.",
    "Ordering in the portal saves us time.",
    "They think along with us.",
)
NEUTRAL = (
    "Good product, offers could come faster.",
    "All fine, prices are at the upper end.",
    "Works as it should.",
    "We would like a local service partner.",
)
COMPLAINTS = (
    "We wait too long for an offer.",
    "The price went up twice in a year.",
    "Three different contacts in one year.",
    "Nobody told us about the changed firmware.",
)
LATE_COMPLAINTS = (
    "The last delivery came two weeks late, and nobody told us.",
    "Confirmed dates are not kept.",
    "We had to stop the line because the drives did not arrive.",
    "Partial deliveries, and each of them late.",
    "The product is good, but the date is never right.",
)
