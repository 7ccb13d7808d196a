"""The token's door says when the token was last used; the audit trail leaves that use out, as it changes nothing."""

from importlib import import_module

from django.db import migrations

_audit = import_module("tenancy.migrations.0002_audit_function")

DOOR = """
DROP FUNCTION tenancy_token_owner(text, timestamptz);
CREATE FUNCTION tenancy_token_owner(p_sha256 text, p_now timestamptz)
RETURNS TABLE (organization_id uuid, token_id uuid, scopes jsonb, last_used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT t.organization_id, t.id, t.scopes, t.last_used_at
    FROM public.tenancy_apitoken t JOIN public.tenancy_organization o ON o.id = t.organization_id
    WHERE t.sha256 = p_sha256 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > p_now)
      AND o.is_active
$$;
REVOKE ALL ON FUNCTION tenancy_token_owner(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy_token_owner(text, timestamptz) TO agile_app;
GRANT CREATE ON SCHEMA public TO agile_system;
ALTER FUNCTION tenancy_token_owner(text, timestamptz) OWNER TO agile_system;
REVOKE CREATE ON SCHEMA public FROM agile_system;
"""

_COMPARISON = "WHERE a.value IS DISTINCT FROM b.value"
AUDIT = _audit.CREATE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    _COMPARISON, f"{_COMPARISON} AND a.key <> 'last_used_at'"
)


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0004_doors")]

    operations = [migrations.RunSQL(DOOR), migrations.RunSQL(AUDIT)]
