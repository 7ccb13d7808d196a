"""Accounts, contacts and deals can be found. Triggers keep their entries, whatever path a change takes.

A deal is found by its account's name too, and a deal and a contact count as their account owner's as well: so an
account that is renamed or changes hands writes the entries of what hangs on it.
"""

from collections.abc import Mapping

from django.db import migrations

COLUMNS = "(id, organization_id, kind, is_active, key, also, private, owners)"

ACCOUNT = """
SELECT r.id, r.organization_id, 'account', r.lifecycle <> 'former', tenancy_search_key(r.name),
       tenancy_search_key(concat_ws(' ', r.city, regexp_replace(r.website, '^(https?://)?(www[.])?', ''),
                                    CASE WHEN r.source <> 'manual' THEN r.external_id END)),
       '', ARRAY[r.owner_id]
FROM {rows} r
WHERE r.deleted_at IS NULL
"""
# The planner takes a table that was filled a moment ago for empty. Joined, it may then read all the accounts of the
# organisation for each row; OFFSET 0 keeps this a look-up by the key.
ACCOUNT_OF_ROW = """LEFT JOIN LATERAL (
    SELECT x.owner_id, x.name FROM pipeline_account x
    WHERE x.organization_id = r.organization_id AND x.id = r.account_id OFFSET 0
) a ON true"""
CONTACT = """
SELECT r.id, r.organization_id, 'contact', true, tenancy_search_key(r.name), '',
       tenancy_search_key(regexp_replace(r.email, '[.][^.@]*$', '')), ARRAY[r.owner_id, a.owner_id]
FROM {rows} r
{account_of_row}
WHERE r.deleted_at IS NULL
"""
DEAL = """
SELECT r.id, r.organization_id, 'opportunity', r.outcome = 'open', tenancy_search_key(r.name),
       coalesce(tenancy_search_key(a.name), ''), '', ARRAY[r.owner_id, a.owner_id]
FROM {rows} r
{account_of_row}
WHERE r.deleted_at IS NULL
"""
# What an entry is made of: an update of anything else writes none.
TABLES = {
    "pipeline_account": (ACCOUNT, "name city website source external_id owner_id lifecycle deleted_at"),
    "pipeline_contact": (CONTACT, "name email account_id owner_id deleted_at"),
    "pipeline_opportunity": (DEAL, "name account_id owner_id outcome deleted_at"),
}
CHANGED = """(
    SELECT n.* FROM after_rows n JOIN before_rows o ON o.id = n.id
    WHERE ({new}) IS DISTINCT FROM ({old})
)"""
FOLLOWING = """
    -- What hangs on an account that changed hands{or_name}.
    UPDATE tenancy_searchentry e
    SET owners = ARRAY[e.owners[1], a.owner_id]{and_name}
    FROM after_rows a JOIN before_rows b ON b.id = a.id
    CROSS JOIN LATERAL (
        SELECT x.id, x.organization_id FROM {table} x
        WHERE x.organization_id = a.organization_id AND x.account_id = a.id OFFSET 0
    ) r
    WHERE (a.owner_id{name_after}) IS DISTINCT FROM (b.owner_id{name_before})
      AND e.organization_id = r.organization_id AND e.id = r.id;
"""
FOLLOWERS = FOLLOWING.format(
    table="pipeline_contact", or_name="", and_name="", name_after="", name_before=""
) + FOLLOWING.format(
    table="pipeline_opportunity",
    or_name=" or has another name",
    and_name=", also = tenancy_search_key(a.name)",
    name_after=", a.name",
    name_before=", b.name",
)


def select_entries(entry: str, rows: str) -> str:
    """Return the statement that makes the entries of these rows."""
    return entry.format(rows=rows, account_of_row=ACCOUNT_OF_ROW)


def functions(table: str, tables: Mapping[str, tuple[str, str]], followers: str) -> str:
    """Return the functions that keep the entries of one table; those of accounts keep what hangs on them as well."""
    entry, columns = tables[table]
    changed = CHANGED.format(
        new=", ".join(f"n.{name}" for name in columns.split()), old=", ".join(f"o.{name}" for name in columns.split())
    )
    followers = followers if table == "pipeline_account" else ""
    return f"""
CREATE OR REPLACE FUNCTION {table}_search_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tenancy_searchentry {COLUMNS} {select_entries(entry, "after_rows")};
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION {table}_search_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tenancy_searchentry e USING after_rows n
    WHERE e.id = n.id AND e.organization_id = n.organization_id AND n.deleted_at IS NOT NULL;
    INSERT INTO tenancy_searchentry {COLUMNS} {select_entries(entry, changed)}
    ON CONFLICT (id) DO UPDATE SET is_active = excluded.is_active, key = excluded.key, also = excluded.also,
        private = excluded.private, owners = excluded.owners;
    {followers}
    RETURN NULL;
END
$$;
"""  # nosec B608 # our own constants


def feed(table: str) -> str:
    """Return the statements that keep the entries of one table."""
    return f"""
{functions(table, TABLES, FOLLOWERS)}
CREATE TRIGGER search_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_search_insert();
CREATE TRIGGER search_update AFTER UPDATE ON {table} REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_search_update();
CREATE TRIGGER search_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS before_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tenancy_search_forget();
"""  # nosec B608 # our own constants


def unfeed(table: str) -> str:
    """Return the statements that take it back."""
    return f"""
DROP TRIGGER search_insert ON {table};
DROP TRIGGER search_update ON {table};
DROP TRIGGER search_delete ON {table};
DROP FUNCTION {table}_search_insert();
DROP FUNCTION {table}_search_update();
"""


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0008_fence_inquiries"), ("tenancy", "0014_search_members")]

    operations = [migrations.RunSQL(feed(table), unfeed(table)) for table in TABLES]
