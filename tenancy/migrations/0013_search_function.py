"""The one function that searches (see tenancy/search.py): the third door through the fence."""

from django.db import migrations

CREATE = r"""
-- Whether two words differ by one slip: a letter too many, too few, changed, or two that changed places.
CREATE FUNCTION tenancy_search_near(p_one text, p_other text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT array_agg(overlay(p_one PLACING '' FROM i FOR 1)) || p_one FROM generate_series(1, length(p_one)) i
) && (
    SELECT array_agg(overlay(p_other PLACING '' FROM i FOR 1)) || p_other FROM generate_series(1, length(p_other)) i
);

-- The condition of the index for one kind and state. An item is a typed word, then what to look for in its place: whole
-- words, or beginnings of words (with a star): "gmbh gmbh", "mar mar*", "velroa velora verona".
CREATE FUNCTION tenancy_search_condition(p_head text, p_items text[], p_private boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT string_agg('(' || part || ')', '&')
    FROM unnest(p_items) item, LATERAL (
        SELECT string_agg(
            CASE
                WHEN n > 1 AND right(w, 1) = '*' THEN format('''%s %s'':*', p_head, rtrim(w, '*'))
                WHEN n > 1 THEN format('''%s %s''', p_head, w)
                WHEN length(w) > 2 THEN format('''%s&%s'':*', p_head, w)
                ELSE format('''%s&%s''', p_head, w)
            END, '|'
        ) AS part
        FROM unnest(string_to_array(item, ' ')) WITH ORDINALITY looked_for(w, n)
        WHERE n > 1 OR p_private
    ) parts
);

-- What a typed word may be: the organisation's words that begin with it, named one by one while they are few, because
-- the index adds up all the records of a beginning before it answers.
CREATE FUNCTION tenancy_search_item(p_organization uuid, p_word text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN p_word || ' ' || CASE
    WHEN length(p_word) < 3 THEN p_word
    WHEN p_word ~ '[0-9]' OR length(p_word) > 60 THEN p_word || '*'
    ELSE (
        SELECT CASE WHEN count(*) BETWEEN 1 AND 12 THEN string_agg(found.word, ' ') ELSE p_word || '*' END
        FROM (
            SELECT DISTINCT k.word FROM tenancy_searchword k
            WHERE k.organization_id = p_organization AND k.word >= p_word AND k.word < p_word || U&'\+10FFFF'
            LIMIT 13
        ) found
    )
END;

-- What a mistyped word may have meant.
CREATE FUNCTION tenancy_search_guess(p_organization uuid, p_word text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT string_agg(guess.word, ' ')
    FROM (
        SELECT alike.word
        FROM (
            (
                SELECT k.word, similarity(k.word, p_word) AS likeness
                FROM tenancy_searchword k
                WHERE k.organization_id = p_organization AND k.word % p_word
                GROUP BY k.word ORDER BY 2 DESC, 1 LIMIT 50
            )
            UNION
            -- Short words in which two letters changed places have hardly a trigram in common.
            SELECT k.word, similarity(k.word, p_word)
            FROM tenancy_searchword k
            WHERE k.organization_id = p_organization AND k.word = ANY (ARRAY(
                SELECT overlay(p_word PLACING reverse(substr(p_word, i, 2)) FROM i FOR 2)
                FROM generate_series(1, length(p_word) - 1) i
            ))
        ) alike, LATERAL (
            SELECT tenancy_search_near(alike.word, p_word)
                OR tenancy_search_near(left(alike.word, length(p_word)), p_word) AS is_near
        ) slip
        WHERE alike.likeness >= 0.5 OR slip.is_near
        ORDER BY slip.is_near DESC, alike.likeness DESC, 1 LIMIT 6
    ) guess
);

CREATE FUNCTION tenancy_search(
    p_text text, p_kinds text[], p_limit integer, p_member uuid, p_owners uuid[], p_private boolean
) RETURNS TABLE (kind text, id uuid, tier integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET work_mem = '16MB'
AS $$
#variable_conflict use_column
DECLARE
    -- Never an argument. Without an organisation this is an error.
    v_organization uuid := current_setting('app.organization')::uuid;
    v_key text := tenancy_search_key(left(p_text, 200));
    v_limit integer := least(greatest(coalesce(p_limit, 8), 1), 200);
    v_all text[];      -- the words as they were typed
    v_words text[];    -- those that the index is asked for
    v_items text[];    -- each with what to look for in its place
    v_short text[];    -- those that are too short for the index
    v_fuzzy boolean := false;
    v_any boolean := false;
    v_known boolean;
    v_guess text;
    v_guesses integer;
    v_guessed boolean := false;
    v_kind text;
    v_head text;
    v_owned text;
    v_query tsquery;
    v_ids uuid[];
    v_more uuid[];
    v_many integer;
BEGIN
    v_all := ARRAY(
        SELECT left(w, 60) FROM unnest(string_to_array(v_key, ' ')) WITH ORDINALITY AS t(w, n)
        WHERE w <> '' GROUP BY 1 ORDER BY min(n) LIMIT 8
    );
    IF cardinality(v_all) = 0 OR p_owners = '{}' THEN
        RETURN;
    END IF;
    -- A last word of two letters is perhaps still being typed; any other one is whole.
    v_words := ARRAY(
        SELECT w FROM unnest(v_all) WITH ORDINALITY t(w, n)
        WHERE length(w) > 2 OR (length(w) = 2 AND (n < cardinality(v_all) OR n = 1))
    );
    v_short := ARRAY(SELECT w FROM unnest(v_all) w WHERE w <> ALL (v_words));
    v_items := ARRAY(SELECT tenancy_search_item(v_organization, w) FROM unnest(v_words) w);
    v_many := greatest(100, 3 * v_limit);

    LOOP
        FOREACH v_kind IN ARRAY coalesce(p_kinds, '{}') LOOP
            CONTINUE WHEN coalesce(v_kind, '') !~ '^[a-z]{2,40}$';
            v_ids := '{}';
            v_owned := NULL;
            -- Names that begin with the text: in the order of the index, so that an exact one is among them.
            IF NOT v_fuzzy THEN
                v_ids := ARRAY(
                    SELECT e.id FROM tenancy_searchentry e
                    WHERE e.organization_id = v_organization AND e.kind = v_kind
                      AND e.key >= v_key AND e.key < v_key || U&'\+10FFFF'
                      AND (p_owners IS NULL OR e.owners && p_owners)
                    ORDER BY e.key LIMIT 3 * v_limit
                );
            END IF;
            IF cardinality(v_words) > 0 THEN
                -- One's own first, then the active ones, then the rest: each only as far as there is room.
                FOR i IN 1 .. 3 LOOP
                    CONTINUE WHEN i = 1 AND p_member IS NULL;
                    v_head := tenancy_search_head(v_organization, v_kind, i < 3);
                    v_owned := CASE
                        WHEN i = 1 THEN format('&''%s@%s''', v_head, right(p_member::text, 12))
                        WHEN p_owners IS NOT NULL THEN (
                            SELECT '&(' || string_agg(format('''%s@%s''', v_head, right(o::text, 12)), '|') || ')'
                            FROM unnest(p_owners) o WHERE o IS NOT NULL
                        )
                        ELSE ''
                    END;
                    v_query := tenancy_search_condition(v_head, v_items, coalesce(p_private, false)) || v_owned;
                    v_more := ARRAY(
                        SELECT e.id FROM (
                            SELECT e.id, e.key, e.also FROM tenancy_searchentry e
                            WHERE tenancy_search_tokens(
                                tenancy_search_head(e.organization_id, e.kind, e.is_active), e.key, e.also,
                                e.private, e.owners[1]::text, e.owners[2]::text
                            ) @@ v_query
                            -- Not to be served from another index: that one would be read from its beginning.
                            AND (e.organization_id = v_organization AND e.kind = v_kind) IS TRUE
                            AND (p_owners IS NULL OR e.owners && p_owners)
                            LIMIT CASE WHEN cardinality(v_short) > 0 THEN 10 * v_many ELSE v_many END
                        ) e
                        WHERE NOT EXISTS (
                            SELECT FROM unnest(v_short) s WHERE position(' ' || s IN ' ' || e.key || ' ' || e.also) = 0
                        )
                        LIMIT v_many
                    );
                    v_ids := v_ids || v_more;
                    EXIT WHEN i = 2 AND cardinality(v_more) >= v_many;
                END LOOP;
            END IF;
            RETURN QUERY
                SELECT ranked.kind, ranked.id, ranked.tier
                FROM (
                    SELECT e.kind, e.id, e.is_active, e.key,
                        CASE
                            WHEN v_fuzzy THEN 4
                            WHEN e.key = v_key THEN 0
                            WHEN starts_with(e.key, v_key) THEN 1
                            WHEN NOT EXISTS (
                                SELECT FROM unnest(v_all) w WHERE position(' ' || w IN ' ' || e.key) = 0
                            ) THEN 2
                            ELSE 3
                        END AS tier,
                        coalesce(p_member = ANY (e.owners), false) AS is_own,
                        CASE WHEN v_fuzzy THEN round(similarity(e.key, v_key)::numeric, 1) ELSE 0 END AS likeness
                    FROM tenancy_searchentry e
                    WHERE e.id = ANY (v_ids) AND e.organization_id = v_organization
                ) ranked
                ORDER BY ranked.tier, ranked.likeness DESC, ranked.is_active DESC, ranked.is_own DESC,
                         length(ranked.key), ranked.key, ranked.id
                LIMIT v_limit;
            v_any := v_any OR FOUND;
        END LOOP;
        v_known := NOT EXISTS (SELECT FROM unnest(v_items) i WHERE right(i, 1) = '*');
        EXIT WHEN v_any OR v_fuzzy OR cardinality(v_words) = 0 OR (v_known AND cardinality(v_words) > 2);

        -- Nothing has these words: ask for what those may have meant that nobody knows, or one or two that are known.
        v_fuzzy := true;
        v_guesses := 0;
        FOR i IN 1 .. cardinality(v_words) LOOP
            CONTINUE WHEN v_guesses = 3 OR v_words[i] !~ '^[^0-9]{3,60}$'
                OR NOT (v_known OR right(v_items[i], 1) = '*');
            -- A slip costs a short word most of its trigrams.
            PERFORM set_config(
                'pg_trgm.similarity_threshold',
                CASE WHEN length(v_words[i]) < 7 THEN '0.2' WHEN length(v_words[i]) < 9 THEN '0.3' ELSE '0.4' END, true
            );
            v_guess := tenancy_search_guess(v_organization, v_words[i]);
            v_guesses := v_guesses + 1;
            CONTINUE WHEN v_guess IS NULL;
            v_items[i] := v_items[i] || ' ' || v_guess;
            v_guessed := true;
        END LOOP;
        EXIT WHEN NOT v_guessed;
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION tenancy_search(text, text[], integer, uuid, uuid[], boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy_search(text, text[], integer, uuid, uuid[], boolean) TO agile_app;
GRANT CREATE ON SCHEMA public TO agile_system;
ALTER FUNCTION tenancy_search(text, text[], integer, uuid, uuid[], boolean) OWNER TO agile_system;
REVOKE CREATE ON SCHEMA public FROM agile_system;
"""

DROP = """
DROP FUNCTION tenancy_search(text, text[], integer, uuid, uuid[], boolean);
DROP FUNCTION tenancy_search_guess(uuid, text);
DROP FUNCTION tenancy_search_item(uuid, text);
DROP FUNCTION tenancy_search_condition(text, text[], boolean);
DROP FUNCTION tenancy_search_near(text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0012_search_tables")]

    operations = [migrations.RunSQL(CREATE, DROP)]
