"""What the database itself says of its fences. Plain functions, so that a test can prove that each would notice."""

from collections.abc import Iterator
from typing import Any

POLICY = "(organization_id = (current_setting('app.organization'::text))::uuid)"


def tenant_tables(cursor: Any) -> list[str]:
    """Return every table with a column organization_id, whether or not a model stands behind it.

    The parts of a partitioned table are not among them: see `partitions`.
    """
    return _tables(cursor, are_partitions=False)


def partitions(cursor: Any) -> list[str]:
    """Return the parts of partitioned tenant tables: nobody but the owner reaches them otherwise than by the whole."""
    return _tables(cursor, are_partitions=True)


def _tables(cursor: Any, *, are_partitions: bool) -> list[str]:
    cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE a.attname = 'organization_id' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        " AND c.relispartition = %s ORDER BY 1",
        [are_partitions],
    )
    return [row[0] for row in cursor.fetchall()]


def missing_fences(cursor: Any) -> Iterator[str]:
    """Yield a sentence for each tenant table that is not behind all three fences."""
    tables = tenant_tables(cursor)
    for table in tables:
        yield from _missing_row_security(cursor, table)
        yield from _missing_keys(cursor, table)
    for part in partitions(cursor):
        yield from _missing_row_security(cursor, part)
        cursor.execute(
            "SELECT string_agg(p, ', ') FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p"
            " WHERE has_table_privilege('agile_app', %s::regclass, p)",
            [f'public."{part}"'],
        )
        if granted := cursor.fetchone()[0]:
            yield f"{part}: the application reaches a part past the whole ({granted})"
    yield from _plain_references(cursor, tables)


def _missing_row_security(cursor: Any, table: str) -> Iterator[str]:
    cursor.execute(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", [f'public."{table}"']
    )
    enabled, forced = cursor.fetchone()
    if not enabled:
        yield f"{table}: row-level security is not enabled"
    if not forced:
        yield f"{table}: row-level security is not forced"
    cursor.execute(
        "SELECT policyname, permissive, roles::text[], cmd, qual, with_check FROM pg_policies"
        " WHERE schemaname = 'public' AND tablename = %s ORDER BY 1",
        [table],
    )
    expected = [
        ("owner_maintains", "PERMISSIVE", ["agile_owner"], "ALL", "true", "true"),
        ("tenant_isolation", "PERMISSIVE", ["agile_app"], "ALL", POLICY, POLICY),
    ]
    if (found := cursor.fetchall()) != expected:
        yield f"{table}: the policies are {found}"


def _missing_keys(cursor: Any, table: str) -> Iterator[str]:
    cursor.execute(
        "SELECT i.relname, x.indisprimary, x.indisunique, x.indpred IS NOT NULL,"
        " (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(x.indkey::int[]) WITH ORDINALITY k(attnum, n)"
        "  JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum)"
        " FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = %s::regclass",
        [f'public."{table}"'],
    )
    indexes = cursor.fetchall()
    # Of a partitioned table a key holds what parts it as well.
    cursor.execute(
        "SELECT a.attname FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid"
        " AND a.attnum = ANY (p.partattrs::int[]) WHERE p.partrelid = %s::regclass",
        [f'public."{table}"'],
    )
    key = sorted(["organization_id", "id", *(row[0] for row in cursor.fetchall())])
    if not any(unique and sorted(columns or []) == key for _, _, unique, _, columns in indexes):
        yield f"{table}: no unique key (organization_id, id)"
    for name, primary, unique, _, columns in indexes:
        if unique and not primary and "organization_id" not in (columns or []):
            yield f"{table}: the unique index {name} spans organisations"


def _plain_references(cursor: Any, tables: list[str]) -> Iterator[str]:
    cursor.execute(
        "SELECT c.conname, c.conrelid::regclass::text, c.confrelid::regclass::text,"
        " (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(attnum, n)"
        "  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum)"
        " FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace"
    )
    references = cursor.fetchall()
    composite: set[tuple[str, str]] = set()
    for name, table, target, columns in references:
        if table in tables and target in tables:
            if columns[0] != "organization_id" or len(columns) != 2:
                yield f"{table}: the reference {name} to {target} is not composite"
            else:
                composite.add((table, columns[1]))
    cursor.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND column_name LIKE '%%\\_id' AND data_type = 'uuid' AND table_name = ANY(%s)",
        [tables],
    )
    for table, column in cursor.fetchall():
        if column in GLOBAL_REFERENCES or (table, column) in NOT_REFERENCES:
            continue
        if (table, column) not in composite:
            yield f"{table}: {column} has no composite reference"


NOT_REFERENCES = {
    # Ids of things that may be gone, or that live in another table each time.
    ("tenancy_auditentry", "row_id"),
    ("tenancy_auditentry", "actor_id"),
    ("tenancy_domainevent", "subject_id"),
    ("pipeline_undochange", "record_id"),
    # What was recorded of a day stays, whatever becomes of what it names.
    *(("pipeline_opportunitysnapshot", f"{one}_id") for one in ("opportunity", "stage", "account", "owner", "unit")),
    ("pipeline_submitteddeal", "deal_id"),
}
"""Uuid columns that end in _id and refer to no one table, beside organization_id and user_id, which are global."""

GLOBAL_REFERENCES = {"organization_id", "user_id"}


def indexes_that_do_not_lead_with_the_organization(cursor: Any) -> list[str]:
    """Return the indexes of tenant tables whose first column is neither the organisation nor the primary key."""
    cursor.execute(
        "SELECT x.indrelid::regclass::text, i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
        " JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = (x.indkey::int[])[0]"
        " WHERE NOT x.indisprimary AND a.attname <> 'organization_id' AND x.indrelid::regclass::text = ANY(%s)"
        " ORDER BY 1, 2",
        [tenant_tables(cursor)],
    )
    return [f"{table}.{index}" for table, index in cursor.fetchall()]


def definer_functions(cursor: Any) -> list[str]:
    """Return the SECURITY DEFINER functions: the doors through the fence."""
    cursor.execute(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY proname"
    )
    return [row[0] for row in cursor.fetchall()]


AUDIT_TRIGGERS = {
    "audit_insert": ("INSERT", "after_rows", None),
    "audit_update": ("UPDATE", "after_rows", "before_rows"),
    "audit_delete": ("DELETE", None, "before_rows"),
}


def audited_tables(cursor: Any) -> set[str]:
    """Return the tenant tables on which each kind of write, by any path, leaves an entry in the audit trail."""
    cursor.execute(
        "SELECT c.relname, t.tgname, t.tgnewtable, t.tgoldtable,"
        " CASE t.tgtype & 28 WHEN 4 THEN 'INSERT' WHEN 16 THEN 'UPDATE' WHEN 8 THEN 'DELETE' ELSE 'several' END,"
        " (t.tgtype & 1) = 0, (t.tgtype & 66) = 0, t.tgenabled, t.tgqual IS NULL AND t.tgattr = ''::int2vector"
        " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE p.proname = 'tenancy_audit' AND NOT t.tgisinternal"
    )
    whole: dict[str, set[str]] = {}
    for table, name, new, old, event, of_statement, after, enabled, unconditional in cursor.fetchall():
        right = AUDIT_TRIGGERS.get(name) == (event, new, old)
        if right and of_statement and after and unconditional and enabled in ("O", "A"):
            whole.setdefault(table, set()).add(name)
    return {table for table, triggers in whole.items() if triggers == set(AUDIT_TRIGGERS)}


def rules_that_rewrite(cursor: Any) -> list[str]:
    """Return the rules of tables: a rule could turn a write into another before any trigger sees it."""
    cursor.execute("SELECT tablename || '.' || rulename FROM pg_rules WHERE schemaname = 'public'")
    return [row[0] for row in cursor.fetchall()]
