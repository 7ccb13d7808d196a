"""The one statement behind the features: a row an account, every column of a fixed size and never NULL.

It is made of the same pieces as the facts (``statements``), and bitemporal like them. Beside their parameters it takes
``most_deal``, ``costed`` (whether margin may be spoken of), ``currencies`` (those that amounts are in, for the bits of
what is left out), ``segments`` and ``products`` (what customers of a segment buy), and the words of each category.
"""

from coe.queries import statements
from coe.queries.statements import INTENT_KINDS, PORTAL_KINDS, PURCHASES, UNTOUCHED

CATEGORIES = ("segment", "icp_fit", "industry", "region", "country")


def begins_with(kinds: tuple[str, ...]) -> str:
    """Return the condition that a usage signal's kind begins with one of these."""
    return "(" + " OR ".join(f"starts_with(u.kind, '{kind}')" for kind in kinds) + ")"


ACCOUNT = statements.ACCOUNTS_THEN

WORDS = f"WITH {ACCOUNT}" + " UNION ALL ".join(
    f"SELECT DISTINCT '{name}', {name} FROM account WHERE {name} <> ''"  # nosec B608 # our constants
    for name in CATEGORIES
)

MONEY = """
line AS (
    SELECT l.order_id, sum(l.cost_minor) AS cost_minor, avg(l.discount_bp) AS discount_bp
      FROM pipeline_orderline l JOIN ordered o ON o.id = l.order_id
     WHERE l.organization_id = %(org)s AND l.deleted_at IS NULL AND o.day > %(today)s - 366
     GROUP BY l.order_id
),
placed AS (
    SELECT p.*, l.discount_bp, p.currency = %(currency)s AS counts,
           p.amount_minor - CASE WHEN %(costed)s THEN coalesce(l.cost_minor, 0) ELSE 0 END AS worth_minor
      FROM purchase p LEFT JOIN line l ON l.order_id = p.id
),
gaps AS (
    SELECT account_id, day - lag(day) OVER (PARTITION BY account_id ORDER BY day) AS gap
      FROM (SELECT DISTINCT account_id, day FROM purchase WHERE day > %(today)s - 1096) days
),
rhythm AS (
    SELECT account_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS gap
      FROM gaps GROUP BY account_id HAVING count(gap) >= 2
),
money AS (
    SELECT account_id, count(*) AS purchases, max(day) AS last_day,
           count(*) FILTER (WHERE day > %(today)s - 90) AS purchases_90,
           count(*) FILTER (WHERE day > %(today)s - 180) AS purchases_180,
           count(*) FILTER (WHERE day > %(today)s - 366) AS purchases_year,
           sum(amount_minor) FILTER (WHERE counts AND day > %(today)s - 90) AS spent_90,
           sum(amount_minor) FILTER (WHERE counts AND day > %(today)s - 366) AS spent_year,
           avg(discount_bp) AS discount_bp,
           sum(least(amount_minor, %(most)s)) FILTER (WHERE counts AND day > %(today)s - 731) AS amount_minor,
           count(*) FILTER (WHERE counts AND day > %(today)s - 731) AS amount_count,
           sum(worth_minor) FILTER (WHERE counts AND day > %(today)s - 183) AS recent_half,
           sum(worth_minor) FILTER (WHERE counts AND day <= %(today)s - 183 AND day > %(today)s - 366) AS earlier_half,
           count(*) FILTER (WHERE counts AND day > %(today)s - 366) AS year_count,
           bit_or(1::bigint << array_position(%(currencies)s::text[], currency) - 1)
             FILTER (WHERE NOT counts AND currency <> '' AND day > %(today)s - 731) AS left_out
      FROM placed GROUP BY account_id
)
"""

DEALS = """
pushed AS (
    SELECT d.account_id, count(*) AS pushes
      FROM pipeline_opportunityhistory h JOIN deal d ON d.id = h.opportunity_id
     WHERE h.organization_id = %(org)s AND h.field = 'close_date' AND d.kind = 'open' AND h.old <> '' AND h.new > h.old
       AND h.occurred_at <= %(as_of)s AND h.recorded_at <= %(as_of)s
     GROUP BY d.account_id
),
deals AS (
    SELECT d.account_id, count(*) FILTER (WHERE d.kind = 'open') AS open_deals,
           count(*) FILTER (WHERE d.kind = 'open' AND d.past_discovery) AS late_deals,
           min(d.opened_at) FILTER (WHERE d.kind = 'open') AS first_opened_at,
           max(s.probability_bp) FILTER (WHERE d.kind = 'open') AS chance_bp,
           sum(least(d.amount_minor, %(most_deal)s)) FILTER (WHERE d.kind = 'open' AND d.currency = %(currency)s)
             AS deals_minor,
           count(d.amount_minor) FILTER (WHERE d.kind = 'open' AND d.currency = %(currency)s) AS deal_count,
           bit_or(1::bigint << array_position(%(currencies)s::text[], d.currency) - 1)
             FILTER (WHERE d.kind = 'open' AND d.amount_minor <> 0 AND d.currency <> %(currency)s) AS left_out,
           count(*) FILTER (WHERE d.kind = 'won' AND d.closed_date > %(today)s - 366) AS won_year,
           count(*) FILTER (WHERE d.kind = 'lost' AND d.closed_date > %(today)s - 366) AS lost_year,
           max(d.closed_date) FILTER (WHERE d.kind = 'lost' AND d.lost_reason ILIKE '%%compet%%') AS lost_day
      FROM deal d LEFT JOIN pipeline_stage s ON s.organization_id = %(org)s AND s.id = d.stage_id
     GROUP BY d.account_id
)
"""

# Local days are compared as moments: the day began at this one.
ENGAGED_FROM = "((%(today)s - 30)::timestamp AT TIME ZONE %(zone)s)"

ENGAGEMENT = f"""
act AS (
    SELECT a.account_id,
           max(a.occurred_at) FILTER (WHERE a.is_two_way OR a.direction = 'in' OR a.kind = 'inquiry') AS reacted_at,
           max(a.occurred_at) FILTER (WHERE a.kind = 'inquiry' AND a.direction <> 'out') AS asked_at,
           count(*) FILTER (WHERE a.kind = 'inquiry' AND a.direction <> 'out'
                              AND a.occurred_at > %(as_of)s - interval '90 days') AS asked_90,
           -- Whole numbers: the sum of floats hangs on the order in which rows come.
           sum(round(1e6 * exp(extract(epoch FROM a.occurred_at - %(as_of)s)::float8 * ln(2) / 2592000))::bigint)
             FILTER (WHERE a.is_two_way AND a.occurred_at > %(as_of)s - interval '365 days') / 1e6 AS engagement,
           count(*) FILTER (WHERE a.kind = 'meeting' AND a.occurred_at > %(as_of)s - interval '30 days') AS met_30,
           count(*) FILTER (WHERE a.kind = 'meeting' AND a.occurred_at > %(as_of)s - interval '90 days') AS met_90,
           count(*) FILTER (WHERE a.is_two_way AND a.direction = 'out'
                              AND a.occurred_at > %(as_of)s - interval '90 days') AS answered_90,
           count(*) FILTER (WHERE a.direction = 'out' AND a.kind IN ('call', 'email')
                              AND a.occurred_at > %(as_of)s - interval '90 days') AS sent_90
      {statements.ACTIVITY.format(join="", days=1100)}
     GROUP BY a.account_id
),
talk AS (
    SELECT a.account_id, c.id, max(a.occurred_at) AS at,
           bool_or((c.is_decision_maker OR c.role = 'decides') AND {UNTOUCHED.format(alias="c.")}) AS decides
      {statements.ACTIVITY.format(join=statements.CONTACT, days=365)} AND a.is_two_way
     GROUP BY a.account_id, c.id
),
people AS (
    SELECT account_id, count(*) FILTER (WHERE at >= {ENGAGED_FROM}) AS people_30,
           count(*) FILTER (WHERE at > %(as_of)s - interval '90 days') AS people_90,
           max(at) FILTER (WHERE decides) AS decided_at
      FROM talk GROUP BY account_id
),
acquainted AS (
    SELECT c.account_id, count(*) AS people,
           count(DISTINCT c.role) FILTER (WHERE c.role <> '' AND {UNTOUCHED.format(alias="c.")}) AS roles
      FROM pipeline_contact c
     WHERE c.organization_id = %(org)s AND c.account_id BETWEEN %(first)s AND %(last)s AND c.deleted_at IS NULL
       AND (c.recorded_at <= %(as_of)s OR c.reconstructed)
     GROUP BY c.account_id
),
used AS (
    SELECT u.account_id, max(u.occurred_at) AS used_at,
           max(u.occurred_at) FILTER (WHERE {begins_with(INTENT_KINDS)}) AS intent_at,
           count(*) FILTER (WHERE {begins_with(INTENT_KINDS)}
                              AND u.occurred_at > %(as_of)s - interval '90 days') AS intent_90,
           max(u.occurred_at) FILTER (WHERE {begins_with(PORTAL_KINDS)}) AS portal_at,
           count(*) FILTER (WHERE {begins_with(PORTAL_KINDS)}
                              AND u.occurred_at > %(as_of)s - interval '90 days') AS portal_90
      {statements.USED.format(days=1100)}
     GROUP BY u.account_id
),
said AS (
    SELECT DISTINCT ON (n.account_id) n.account_id, n.score, n.responded_at
      FROM pipeline_satisfactionresponse n
     WHERE n.organization_id = %(org)s AND n.account_id BETWEEN %(first)s AND %(last)s AND n.deleted_at IS NULL
       AND n.responded_at <= %(as_of)s AND n.recorded_at <= %(as_of)s
     ORDER BY n.account_id, n.responded_at DESC, n.id
)
"""  # nosec B608 # our constants; values are parameters

PRODUCTS = f"""
{statements.OWNED_THEN},
relevant AS (
    SELECT * FROM unnest(%(segments)s::text[], %(products)s::uuid[]) AS r(segment, product_id)
),
asked_for AS (SELECT segment, count(*) AS products FROM relevant GROUP BY segment),
held AS (
    SELECT o.account_id, count(*) AS products, count(r.product_id) AS relevant
      FROM owned o JOIN account a ON a.id = o.account_id
      LEFT JOIN relevant r ON r.segment = a.segment AND r.product_id = o.product_id
     GROUP BY o.account_id
)
"""  # nosec B608 # our constants; values are parameters


def _day(moment: str) -> str:
    return f"(%(today)s - ({moment} AT TIME ZONE %(zone)s)::date)"


# What is selected: the name of a column, or of an amount, and how it is reckoned. Amounts are kept to the unit.
SINGLE: dict[str, str] = {
    "days_since_purchase": "%(today)s - m.last_day",
    "usual_gap_days": "r.gap",
    "purchases": "coalesce(m.purchases, 0)",
    "purchases_90d": "coalesce(m.purchases_90, 0)",
    "purchases_180d": "coalesce(m.purchases_180, 0)",
    "purchases_year": "coalesce(m.purchases_year, 0)",
    "spent_90d": "coalesce(m.spent_90, 0)",
    "spent_year": "coalesce(m.spent_year, 0)",
    "products_owned": "coalesce(h.products, 0)",
    "relevant_products_missing": "coalesce(w.products, 0) - h.relevant",
    "discount_percent": "m.discount_bp / 100",
    "engagement": "coalesce(t.engagement, 0)",
    "meetings_30d": "coalesce(t.met_30, 0)",
    "meetings_90d": "coalesce(t.met_90, 0)",
    "answered_share_90d": "t.answered_90::float8 / nullif(t.sent_90, 0)",
    "days_since_reaction": _day("greatest(t.reacted_at, u.used_at, n.responded_at)"),
    "days_since_inquiry": _day("greatest(t.asked_at, u.intent_at)"),
    "inquiries_90d": "coalesce(t.asked_90, 0) + coalesce(u.intent_90, 0)",
    "days_since_portal": _day("u.portal_at"),
    "portal_visits_90d": "coalesce(u.portal_90, 0)",
    "people_30d": "coalesce(p.people_30, 0)",
    "people_90d": "coalesce(p.people_90, 0)",
    "days_since_decision_maker": _day("p.decided_at"),
    "people_known": "coalesce(k.people, 0)",
    "buying_roles_known": "coalesce(k.roles, 0)",
    "open_deals": "coalesce(d.open_deals, 0)",
    "open_deals_late": "coalesce(d.late_deals, 0)",
    "open_deals_worth": "coalesce(d.deals_minor, 0)",
    "best_stage_chance": "d.chance_bp / 10000.0",
    "oldest_open_deal_days": _day("d.first_opened_at"),
    "close_date_pushes": "coalesce(x.pushes, 0)",
    "deals_won_year": "coalesce(d.won_year, 0)",
    "deals_lost_year": "coalesce(d.lost_year, 0)",
    "days_since_lost_to_competitor": "%(today)s - d.lost_day",
    "nps": "n.score",
    "nps_days": _day("n.responded_at"),
    "known_days": f"CASE WHEN a.recorded_at <= %(as_of)s THEN {_day('a.recorded_at')} END",
    "employees": "a.employees",
    "revenue": "CASE WHEN a.currency = %(currency)s THEN a.annual_revenue_minor END",
}
DOUBLE: dict[str, str] = {
    "recent_half_minor": "coalesce(m.recent_half, 0)",
    "earlier_half_minor": "coalesce(m.earlier_half, 0)",
    "year_count": "coalesce(m.year_count, 0)",
    "amount_minor": "coalesce(m.amount_minor, 0)",
    "amount_count": "coalesce(m.amount_count, 0)",
    "year_minor": "coalesce(m.spent_year, 0)",
    "deals_minor": "coalesce(d.deals_minor, 0)",
    "deal_count": "coalesce(d.deal_count, 0)",
}

COLUMNS = (
    "a.id",
    *(f"coalesce(({sql})::float4, 'NaN') AS {name}" for name, sql in SINGLE.items()),
    *(f"({sql})::float8 AS {name}" for name, sql in DOUBLE.items()),
    "coalesce(m.left_out, 0) | coalesce(d.left_out, 0) AS left_out",
    *(f"coalesce(w_{name}.place, 0)::int4 AS {name}" for name in CATEGORIES),
)

FEATURES = (
    f"WITH {ACCOUNT},{PURCHASES},{MONEY},{DEALS},{ENGAGEMENT},{PRODUCTS} SELECT "
    + ", ".join(COLUMNS)
    + """
  FROM account a
  LEFT JOIN money m ON m.account_id = a.id
  LEFT JOIN rhythm r ON r.account_id = a.id
  LEFT JOIN deals d ON d.account_id = a.id
  LEFT JOIN pushed x ON x.account_id = a.id
  LEFT JOIN act t ON t.account_id = a.id
  LEFT JOIN people p ON p.account_id = a.id
  LEFT JOIN acquainted k ON k.account_id = a.id
  LEFT JOIN used u ON u.account_id = a.id
  LEFT JOIN said n ON n.account_id = a.id
  LEFT JOIN held h ON h.account_id = a.id
  LEFT JOIN asked_for w ON w.segment = a.segment
"""
    + "".join(
        f"  LEFT JOIN unnest(%(words_{name})s::text[]) WITH ORDINALITY AS w_{name}(word, place)"
        f" ON w_{name}.word = a.{name}\n"
        for name in CATEGORIES
    )
    + " ORDER BY a.id"
)  # nosec B608 # our constants; values are parameters

BUYERS = f"""
WITH {PURCHASES}
SELECT DISTINCT account_id FROM (
    SELECT account_id FROM ordered WHERE day > %(after)s AND day <= %(until)s AND amount_minor >= 0
    UNION ALL
    SELECT account_id FROM deal WHERE kind = 'won' AND closed_date > %(after)s AND closed_date <= %(until)s
) bought WHERE account_id IS NOT NULL ORDER BY account_id
"""  # nosec B608 # our constants; values are parameters
