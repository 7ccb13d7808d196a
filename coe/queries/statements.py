"""The SQL behind the facts. One statement a kind of fact, over any number of accounts at once.

All of it is bitemporal: a row counts when it had happened *and* was known by ``as_of``, so that a late import doesn't
leak into yesterday's score. What was edited since is read back: an account's fields from the audit trail, a deal's
stage and amount from its history. Where that isn't possible (a cancelled order, a contact's role) a value counts only
when the record has not been touched after ``as_of``.

Parameters: ``org``, ``first`` and ``last`` (a range of account ids), ``as_of``, ``today`` (the organisation's local day
of it), ``zone``, ``currency`` (amounts in others are not added) and ``most`` (where amounts are cut).
"""

RANGE = "BETWEEN %(first)s AND %(last)s"
UNTOUCHED = "({alias}version = 1 OR {alias}updated_at <= %(as_of)s)"

UNTOUCHED_ACCOUNT = UNTOUCHED.format(alias="a.")


def _then(name: str, nothing: str, kind: str) -> str:
    """Return how a field of an account is read as it was: where somebody edited the account since, from the trail.

    What the trail doesn't hold any more isn't known. It would tell on its own that something happened afterwards.
    """
    return f"""CASE WHEN {UNTOUCHED_ACCOUNT} THEN a.{name} WHEN w.before IS NULL THEN {nothing}
                WHEN w.before ? '{name}' THEN (w.before->>'{name}')::{kind} ELSE a.{name} END AS {name}"""


ACCOUNTS_THEN = f"""
touched AS (
    SELECT a.id FROM pipeline_account a
     WHERE a.organization_id = %(org)s AND a.id BETWEEN %(first)s AND %(last)s AND a.deleted_at IS NULL
       AND NOT {UNTOUCHED_ACCOUNT}
),
was AS (
    SELECT e.row_id, jsonb_object_agg(k.key, k.value ORDER BY e.occurred_at DESC, e.id DESC) AS before
      FROM tenancy_auditentry e, jsonb_each(e.before) k
     WHERE e.organization_id = %(org)s AND e.table_name = 'pipeline_account' AND e.action = 'update'
       AND e.row_id = ANY(ARRAY(SELECT id FROM touched)) AND e.occurred_at > %(as_of)s
     GROUP BY e.row_id
),
account AS (
    SELECT a.id, a.recorded_at,
           {_then("segment", "''", "text")},
           {_then("icp_fit", "''", "text")},
           {_then("industry", "''", "text")},
           {_then("region", "''", "text")},
           {_then("country", "''", "text")},
           {_then("employees", "NULL", "integer")},
           {_then("annual_revenue_minor", "NULL", "bigint")},
           {_then("currency", "''", "text")}
      FROM pipeline_account a LEFT JOIN was w ON w.row_id = a.id
     WHERE a.organization_id = %(org)s AND a.id BETWEEN %(first)s AND %(last)s AND a.deleted_at IS NULL
       AND (a.recorded_at <= %(as_of)s OR a.reconstructed)
)
"""  # nosec B608 # our constants; values are parameters

ACCOUNTS = f"""
WITH {ACCOUNTS_THEN}
SELECT id, segment, icp_fit, CASE WHEN recorded_at <= %(as_of)s THEN (recorded_at AT TIME ZONE %(zone)s)::date END
  FROM account ORDER BY id
"""  # nosec B608 # our constants; values are parameters

# Deals as they stood. What happened or was recorded later is taken back: the last value known by then, else the value
# before the first change that was not known, else the present one.
DEALS_THEN = """
now_deal AS (
    SELECT o.id, o.account_id, o.name, o.stage_id, o.amount_minor, o.currency, o.opened_at, o.closed_at, o.outcome,
           o.product_id, o.lost_reason, o.close_date
      FROM pipeline_opportunity o
     WHERE o.organization_id = %(org)s AND o.account_id BETWEEN %(first)s AND %(last)s AND o.deleted_at IS NULL
       AND o.opened_at <= %(as_of)s AND o.recorded_at <= %(as_of)s
),
later AS (
    SELECT h.*
      FROM pipeline_opportunityhistory h JOIN now_deal d ON d.id = h.opportunity_id
     WHERE h.organization_id = %(org)s AND h.field IN ('stage', 'amount')
       AND (h.occurred_at > %(as_of)s OR h.recorded_at > %(as_of)s)
),
before_that AS (
    SELECT DISTINCT ON (opportunity_id, field) opportunity_id, field, old_stage_id, old_amount_minor
      FROM later ORDER BY opportunity_id, field, occurred_at, recorded_at, id
),
known AS (
    SELECT DISTINCT ON (h.opportunity_id, h.field) h.opportunity_id, h.field, h.new_stage_id, h.new_amount_minor
      FROM pipeline_opportunityhistory h
      JOIN before_that b ON b.opportunity_id = h.opportunity_id AND b.field = h.field
     WHERE h.organization_id = %(org)s AND h.occurred_at <= %(as_of)s AND h.recorded_at <= %(as_of)s
     ORDER BY h.opportunity_id, h.field, h.occurred_at DESC, h.recorded_at DESC, h.id DESC
),
then_deal AS (
    SELECT d.id, d.account_id, d.name, d.currency, d.opened_at, d.closed_at, d.product_id, d.lost_reason,
           CASE WHEN ba.opportunity_id IS NULL THEN d.amount_minor
                WHEN ka.opportunity_id IS NOT NULL THEN ka.new_amount_minor
                ELSE ba.old_amount_minor END AS amount_minor,
           CASE WHEN bs.opportunity_id IS NOT NULL THEN coalesce(ks.new_stage_id, bs.old_stage_id)
                WHEN d.closed_at > %(as_of)s THEN NULL
                ELSE d.stage_id END AS stage_id
      FROM now_deal d
      LEFT JOIN before_that ba ON ba.opportunity_id = d.id AND ba.field = 'amount'
      LEFT JOIN known ka ON ka.opportunity_id = d.id AND ka.field = 'amount'
      LEFT JOIN before_that bs ON bs.opportunity_id = d.id AND bs.field = 'stage'
      LEFT JOIN known ks ON ks.opportunity_id = d.id AND ks.field = 'stage'
),
deal AS (
    SELECT t.*, coalesce(s.kind, 'open') AS kind, coalesce(s.name, '') AS stage,
           (t.closed_at AT TIME ZONE %(zone)s)::date AS closed_date,
           coalesce(s.forecast_category IN ('best_case', 'commit') OR s.probability_bp > 2000, false) AS past_discovery
      FROM then_deal t LEFT JOIN pipeline_stage s ON s.organization_id = %(org)s AND s.id = t.stage_id
)
"""

OPEN_DEALS = f"""
WITH {DEALS_THEN}
SELECT account_id, id, name, stage, past_discovery, (opened_at AT TIME ZONE %(zone)s)::date, amount_minor, currency
  FROM deal WHERE kind = 'open' ORDER BY account_id, opened_at, id
"""  # nosec B608 # our constants; values are parameters

LOST_TO_COMPETITOR = f"""
WITH {DEALS_THEN}
SELECT DISTINCT ON (account_id) account_id, closed_date, 'lost', id, name
  FROM deal WHERE kind = 'lost' AND lost_reason ILIKE '%%compet%%' AND closed_date > %(today)s - 100
 ORDER BY account_id, closed_date DESC, id
"""  # nosec B608 # our constants; values are parameters

# What an account bought: its orders; where it has none, the deals it gave us. Both together would count twice what was
# first a deal and then an order.
ORDERED = f"""
ordered AS (
    SELECT o.account_id, o.id, o.number AS label, o.order_date AS day, o.amount_minor, o.currency
      FROM pipeline_order o
     WHERE o.organization_id = %(org)s AND o.account_id BETWEEN %(first)s AND %(last)s AND o.deleted_at IS NULL
       AND o.order_date <= %(today)s AND o.recorded_at <= %(as_of)s
       AND NOT (o.status = 'cancelled' AND {UNTOUCHED.format(alias="o.")})
)
"""  # nosec B608 # our constants; values are parameters

BOUGHT = """
purchase AS (
    SELECT 'orders' AS source, account_id, id, label, day, amount_minor, currency FROM ordered
    UNION ALL
    SELECT 'deals', account_id, id, name, closed_date, coalesce(amount_minor, 0), currency
      FROM deal WHERE kind = 'won' AND closed_date <= %(today)s
       AND NOT EXISTS (SELECT FROM ordered o WHERE o.account_id = deal.account_id)
)
"""

PURCHASES = f"{DEALS_THEN},{ORDERED},{BOUGHT}"

COSTS = """
,cost AS (
    SELECT l.order_id, sum(l.cost_minor) AS cost_minor
      FROM pipeline_orderline l JOIN ordered o ON o.id = l.order_id
     WHERE l.organization_id = %(org)s AND l.deleted_at IS NULL AND o.day > %(today)s - 366
     GROUP BY l.order_id
)
"""

NO_COSTS = ", cost AS (SELECT NULL::uuid AS order_id, NULL::bigint AS cost_minor WHERE false)"

RHYTHM_AND_MONEY = """
, placed AS (
    SELECT p.*, p.amount_minor - coalesce(c.cost_minor, 0) AS worth_minor,
           row_number() OVER (PARTITION BY p.account_id ORDER BY p.day DESC, p.id DESC) AS nth
      FROM purchase p LEFT JOIN cost c ON c.order_id = p.id
),
gaps AS (
    SELECT account_id, day, day - lag(day) OVER (PARTITION BY account_id ORDER BY day) AS gap
      FROM (SELECT DISTINCT account_id, day FROM purchase WHERE day > %(today)s - 1096) days
),
rhythm AS (
    SELECT account_id,
           CASE WHEN count(gap) >= 2 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) END AS median_gap
      FROM gaps GROUP BY account_id
),
sums AS (
    SELECT account_id, min(source) AS source, count(*) AS bought, max(day) AS last_day,
           array_agg(id ORDER BY nth) FILTER (WHERE nth <= 3) AS latest_ids,
           array_agg(label ORDER BY nth) FILTER (WHERE nth <= 3) AS latest_labels,
           coalesce(sum(least(amount_minor, %(most)s))
                    FILTER (WHERE currency = %(currency)s AND day > %(today)s - 731), 0)::bigint AS amount_minor,
           count(*) FILTER (WHERE currency = %(currency)s AND day > %(today)s - 731) AS amount_count,
           coalesce(sum(worth_minor)
                    FILTER (WHERE currency = %(currency)s AND day > %(today)s - 183), 0)::bigint AS recent_half,
           coalesce(sum(worth_minor) FILTER (WHERE currency = %(currency)s AND day <= %(today)s - 183
                                             AND day > %(today)s - 366), 0)::bigint AS earlier_half,
           count(*) FILTER (WHERE currency = %(currency)s AND day > %(today)s - 366) AS year_count,
           array_agg(DISTINCT currency)
             FILTER (WHERE currency <> %(currency)s AND currency <> '' AND day > %(today)s - 731) AS left_out
      FROM placed GROUP BY account_id
)
SELECT s.account_id, s.source, s.bought, s.last_day, r.median_gap, s.latest_ids, s.latest_labels, s.amount_minor,
       s.amount_count, s.recent_half, s.earlier_half, s.year_count, s.left_out
  FROM sums s LEFT JOIN rhythm r ON r.account_id = s.account_id
"""

ACTIVITY = """
    FROM pipeline_activity a
    {join}
   WHERE a.organization_id = %(org)s AND a.account_id BETWEEN %(first)s AND %(last)s AND a.deleted_at IS NULL
     AND a.occurred_at <= %(as_of)s AND a.recorded_at <= %(as_of)s
     AND a.occurred_at > %(as_of)s - interval '{days} days'
"""
CONTACT = "JOIN pipeline_contact c ON c.organization_id = %(org)s AND c.id = a.contact_id AND c.deleted_at IS NULL"

INQUIRIES = f"""
SELECT DISTINCT ON (a.account_id) a.account_id, (a.occurred_at AT TIME ZONE %(zone)s)::date, 'inquiry', a.id, a.subject
{ACTIVITY.format(join="", days=20)} AND a.kind = 'inquiry' AND a.direction <> 'out'
 ORDER BY a.account_id, a.occurred_at DESC, a.id
"""

ENGAGED_CONTACTS = f"""
SELECT a.account_id, (max(a.occurred_at) AT TIME ZONE %(zone)s)::date, 'contact', c.id, c.name
{ACTIVITY.format(join=CONTACT, days=35)} AND a.is_two_way
 GROUP BY a.account_id, c.id, c.name ORDER BY a.account_id, max(a.occurred_at) DESC, c.id
"""

DECISION_MAKERS = f"""
SELECT DISTINCT ON (a.account_id) a.account_id, (a.occurred_at AT TIME ZONE %(zone)s)::date, a.kind, a.id, c.name
{ACTIVITY.format(join=CONTACT, days=65)} AND a.is_two_way
     AND (c.is_decision_maker OR c.role = 'decides') AND {UNTOUCHED.format(alias="c.")}
 ORDER BY a.account_id, a.occurred_at DESC, a.id
"""

USED = """
  FROM pipeline_usagesignal u
 WHERE u.organization_id = %(org)s AND u.account_id BETWEEN %(first)s AND %(last)s AND u.deleted_at IS NULL
   AND u.occurred_at <= %(as_of)s AND u.recorded_at <= %(as_of)s
   AND u.occurred_at > %(as_of)s - interval '{days} days'
"""

# A usage signal's kind is the source's own code. These beginnings say that somebody wants to buy …
INTENT_KINDS = ("quote", "price", "demo", "trial", "configur", "calculator", "intent", "inquiry")
# … and these that somebody uses what we offer online.
PORTAL_KINDS = ("portal", "login", "shop", "catalog", "order_status")

USAGE = f"""
SELECT DISTINCT ON (u.account_id) u.account_id, (u.occurred_at AT TIME ZONE %(zone)s)::date, u.kind, u.id, u.kind
{USED.format(days=35)} AND starts_with_any
 ORDER BY u.account_id, u.occurred_at DESC, u.id
"""


def usage(kinds: tuple[str, ...]) -> str:
    """Return the statement for the newest signal whose kind begins with one of these."""
    return USAGE.replace("starts_with_any", "(" + " OR ".join(f"starts_with(u.kind, '{kind}')" for kind in kinds) + ")")


LAST_REACTIONS = f"""
SELECT account_id, (max(occurred_at) AT TIME ZONE %(zone)s)::date FROM (
    SELECT a.account_id, a.occurred_at
    {ACTIVITY.format(join="", days=1100)} AND (a.is_two_way OR a.direction = 'in' OR a.kind = 'inquiry')
    UNION ALL
    SELECT u.account_id, u.occurred_at {USED.format(days=1100)}
    UNION ALL
    SELECT n.account_id, n.responded_at FROM pipeline_satisfactionresponse n
     WHERE n.organization_id = %(org)s AND n.account_id BETWEEN %(first)s AND %(last)s AND n.deleted_at IS NULL
       AND n.responded_at <= %(as_of)s AND n.recorded_at <= %(as_of)s
) reactions GROUP BY account_id
"""  # nosec B608 # our constants; values are parameters

SATISFACTION = """
SELECT DISTINCT ON (n.account_id) n.account_id, (n.responded_at AT TIME ZONE %(zone)s)::date, 'nps', n.id, n.survey,
       n.score
  FROM pipeline_satisfactionresponse n
 WHERE n.organization_id = %(org)s AND n.account_id BETWEEN %(first)s AND %(last)s AND n.deleted_at IS NULL
   AND n.responded_at <= %(as_of)s AND n.recorded_at <= %(as_of)s AND n.responded_at > %(as_of)s - interval '370 days'
 ORDER BY n.account_id, n.responded_at DESC, n.id
"""

OWNED_THEN = """
owned AS (
    SELECT o.account_id, l.product_id
      FROM ordered o JOIN pipeline_orderline l ON l.organization_id = %(org)s AND l.order_id = o.id
     WHERE l.product_id IS NOT NULL AND l.deleted_at IS NULL
    UNION
    SELECT account_id, product_id FROM deal WHERE kind = 'won' AND product_id IS NOT NULL
)
"""
OWNED_PRODUCTS = f"""
WITH {PURCHASES},{OWNED_THEN}
SELECT account_id, array_agg(product_id) FROM owned GROUP BY account_id
"""  # nosec B608 # our constants; values are parameters

OTHER_CURRENCIES = """
SELECT DISTINCT currency FROM pipeline_order WHERE organization_id = %(org)s AND currency NOT IN ('', %(currency)s)
UNION
SELECT DISTINCT currency FROM pipeline_opportunity WHERE organization_id = %(org)s
   AND currency NOT IN ('', %(currency)s)
"""


def of_accounts(sql: str) -> str:
    """Return the statement for the accounts that are named by ``only`` in place of those of a range."""
    return sql.replace(RANGE, "= ANY(%(only)s::uuid[])")
