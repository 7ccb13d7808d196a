"""The tables of the search, behind the fences, and how words are folded."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

from tenancy.row_security import SecureTable

# Made by the provisioning; here for a database that was provisioned before the search needed them.
EXTENSIONS = "CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE EXTENSION IF NOT EXISTS btree_gin;"

FOLD = r"""
-- Lower case, without accents, words divided by single spaces: "Müller & Söhne" is "muller sohne".
CREATE FUNCTION tenancy_search_key(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN left(btrim(regexp_replace(
    CASE WHEN octet_length(p_text) = length(p_text) THEN lower(left(p_text, 300))
    ELSE translate(replace(replace(replace(
        regexp_replace(lower(normalize(left(p_text, 300), NFKD)), '[\u0300-\u036f]', '', 'g'),
        'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'øłđðþı', 'olddti')
    END,
    '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f\uff00-\uff0f]+', ' ', 'g'
)), 300);

-- Each word in the index begins with this, so that a look-up reads one organisation's part of it and nothing beside.
CREATE FUNCTION tenancy_search_head(p_organization uuid, p_kind text, p_active boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN right(p_organization::text, 6) || left(p_kind, 2) || CASE WHEN p_active THEN '1' ELSE '0' END;

-- What the index holds of an entry: its words (" "), those that only some may find it by ("&"), its owners ("@").
-- The tilde divides; folded text has none. One expression, which PostgreSQL inlines: a loop costs six times as much.
CREATE FUNCTION tenancy_search_tokens(
    p_head text, p_key text, p_also text, p_private text, p_owner text, p_other_owner text
) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_to_tsvector(string_to_array(
    p_head || ' ' || replace(p_key || CASE WHEN p_also <> '' THEN ' ' || p_also ELSE '' END, ' ', '~' || p_head || ' ')
    || CASE WHEN p_private <> '' THEN '~' || p_head || '&' || replace(p_private, ' ', '~' || p_head || '&') ELSE '' END
    || coalesce('~' || p_head || '@' || right(p_owner, 12), '')
    || coalesce('~' || p_head || '@' || right(p_other_owner, 12), ''),
    '~'
));

-- The list of what waits to be sorted in is read by every search, so it is kept short.
CREATE INDEX search_entry_by_word ON "tenancy_searchentry" USING gin (
    tenancy_search_tokens(
        tenancy_search_head(organization_id, kind, is_active), key, also, private, owners[1]::text, owners[2]::text
    )
) WITH (gin_pending_list_limit = 512);
CREATE INDEX search_word_like ON "tenancy_searchword" USING gin (organization_id, word gin_trgm_ops);

-- New words are kept as they come. There is no unique key: two imports that meet the same new word would have to wait
-- for each other, and a word that is there twice does no harm.
CREATE FUNCTION tenancy_search_keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tenancy_searchword (id, organization_id, word)
    SELECT gen_random_uuid(), seen.organization_id, seen.word
    FROM (
        SELECT e.organization_id, w.word
        FROM written_rows e CROSS JOIN LATERAL unnest(string_to_array(e.key || ' ' || e.also, ' ')) AS w(word)
        GROUP BY 1, 2
        OFFSET 0 -- the conditions look at each word once, and not at each time that it occurs
    ) seen
    WHERE length(seen.word) BETWEEN 3 AND 60 AND seen.word !~ '[0-9]' AND (
        -- Each word is looked up by the key: joined, a table that was filled a moment ago would be read for each.
        SELECT true FROM tenancy_searchword known
        WHERE known.organization_id = seen.organization_id AND known.word = seen.word LIMIT 1
    ) IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER keep_words_insert AFTER INSERT ON tenancy_searchentry REFERENCING NEW TABLE AS written_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tenancy_search_keep_words();
CREATE TRIGGER keep_words_update AFTER UPDATE ON tenancy_searchentry REFERENCING NEW TABLE AS written_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tenancy_search_keep_words();
"""

UNFOLD = """
DROP TRIGGER keep_words_insert ON tenancy_searchentry;
DROP TRIGGER keep_words_update ON tenancy_searchentry;
DROP FUNCTION tenancy_search_keep_words();
DROP INDEX search_word_like;
DROP INDEX search_entry_by_word;
DROP FUNCTION tenancy_search_tokens(text, text, text, text, text, text);
DROP FUNCTION tenancy_search_head(uuid, text, boolean);
DROP FUNCTION tenancy_search_key(text);
"""


def organization() -> models.ForeignKey:
    """Return the column that says whose row it is."""
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="tenancy.organization",
    )


def identity() -> models.UUIDField:
    """Return the primary key."""
    return models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0011_secure_invitations")]

    operations = [
        migrations.RunSQL(EXTENSIONS, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", identity()),
                ("kind", models.TextField()),
                ("is_active", models.BooleanField()),
                ("key", models.TextField(db_collation="C")),
                ("also", models.TextField(db_collation="C")),
                ("private", models.TextField(db_collation="C")),
                (
                    "owners",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(null=True), size=None),
                ),
                ("organization", organization()),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["organization", "kind", "key"], name="search_entry_by_key")],
            },
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("id", identity()),
                ("word", models.TextField(db_collation="C")),
                ("organization", organization()),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["organization", "word"], name="search_word_by_word")],
            },
        ),
        # Derived from records that are audited themselves.
        SecureTable("SearchEntry", audited=False),
        SecureTable("SearchWord", audited=False),
        migrations.RunSQL(FOLD, UNFOLD),
    ]
