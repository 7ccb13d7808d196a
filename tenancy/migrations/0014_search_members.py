"""Colleagues can be found. Triggers keep their entries, whatever path a change takes."""

from django.db import migrations

CREATE = r"""
CREATE FUNCTION tenancy_search_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM tenancy_searchentry e USING changed_rows c
        WHERE e.id = c.id AND e.organization_id = c.organization_id;
    END IF;
    INSERT INTO tenancy_searchentry (id, organization_id, kind, is_active, key, also, private, owners)
    SELECT r.id, r.organization_id, 'member', r.is_active, tenancy_search_key(r.name), tenancy_search_key(r.title),
           tenancy_search_key(regexp_replace(r.email, '[.][^.@]*$', '')), ARRAY[r.id]
    FROM changed_rows r;
    RETURN NULL;
END
$$;

CREATE FUNCTION tenancy_search_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tenancy_searchentry e USING before_rows b
    WHERE e.id = b.id AND e.organization_id = b.organization_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER search_insert AFTER INSERT ON tenancy_member REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tenancy_search_members();
CREATE TRIGGER search_update AFTER UPDATE ON tenancy_member REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tenancy_search_members();
CREATE TRIGGER search_delete AFTER DELETE ON tenancy_member REFERENCING OLD TABLE AS before_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tenancy_search_forget();

INSERT INTO tenancy_searchentry (id, organization_id, kind, is_active, key, also, private, owners)
SELECT r.id, r.organization_id, 'member', r.is_active, tenancy_search_key(r.name), tenancy_search_key(r.title),
       tenancy_search_key(regexp_replace(r.email, '[.][^.@]*$', '')), ARRAY[r.id]
FROM tenancy_member r;
"""

DROP = """
DROP TRIGGER search_insert ON tenancy_member;
DROP TRIGGER search_update ON tenancy_member;
DROP TRIGGER search_delete ON tenancy_member;
DROP FUNCTION tenancy_search_members();
DROP FUNCTION tenancy_search_forget();
DELETE FROM tenancy_searchentry WHERE kind = 'member';
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0013_search_function")]

    operations = [migrations.RunSQL(CREATE, DROP)]
