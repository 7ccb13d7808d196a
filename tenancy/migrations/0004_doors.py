"""The two functions that answer before an organisation is known (see tenancy/doors.py)."""

from django.db import migrations

CREATE = """
CREATE FUNCTION tenancy_memberships_of(p_user uuid)
RETURNS TABLE (organization_id uuid, slug text, name text, member_id uuid, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT o.id, o.slug::text, o.name::text, m.id, m.role::text
    FROM public.tenancy_member m JOIN public.tenancy_organization o ON o.id = m.organization_id
    WHERE m.user_id = p_user AND m.is_active AND o.is_active
    ORDER BY o.name, o.id
$$;

CREATE FUNCTION tenancy_token_owner(p_sha256 text, p_now timestamptz)
RETURNS TABLE (organization_id uuid, token_id uuid, scopes text[], last_used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT t.organization_id, t.id, ARRAY(SELECT jsonb_array_elements_text(t.scopes)), t.last_used_at
    FROM public.tenancy_apitoken t JOIN public.tenancy_organization o ON o.id = t.organization_id
    WHERE t.sha256 = p_sha256 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > p_now)
      AND o.is_active
$$;

REVOKE ALL ON FUNCTION tenancy_memberships_of(uuid), tenancy_token_owner(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy_memberships_of(uuid), tenancy_token_owner(text, timestamptz) TO agile_app;
-- Owned by the role that may read across organisations but can change no table's definition.
GRANT CREATE ON SCHEMA public TO agile_system;
ALTER FUNCTION tenancy_memberships_of(uuid) OWNER TO agile_system;
ALTER FUNCTION tenancy_token_owner(text, timestamptz) OWNER TO agile_system;
REVOKE CREATE ON SCHEMA public FROM agile_system;
"""

DROP = "DROP FUNCTION tenancy_memberships_of(uuid); DROP FUNCTION tenancy_token_owner(text, timestamptz);"


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0003_row_security")]

    operations = [migrations.RunSQL(CREATE, DROP)]
