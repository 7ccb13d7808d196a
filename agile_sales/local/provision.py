"""`python -m agile_sales.local.provision`: roles and database of an installation, through an administrator.

ADMIN_DATABASE_URL is the administrator's address; the three roles get the passwords that are in DATABASE_URL,
DATABASE_OWNER_URL and DATABASE_SYSTEM_URL, and the database the name in DATABASE_URL. Safe to run at every release.
"""

import os
import sys
from urllib.parse import unquote, urlsplit

from agile_sales.local import roles
from agile_sales.local.problems import LocalProblem

VARIABLES = {
    roles.OWNER: "DATABASE_OWNER_URL",
    roles.APP: "DATABASE_URL",
    roles.SYSTEM: "DATABASE_SYSTEM_URL",
}


def main() -> int:
    """Provision; return the exit code."""
    if {"-h", "--help"} & set(sys.argv):
        sys.stdout.write(__doc__ or "")
        return 0
    try:
        admin_url = _address("ADMIN_DATABASE_URL")
        owner, app, system = (_password(role, variable) for role, variable in VARIABLES.items())
        database = roles.database_in(_address("DATABASE_URL"))
        roles.provision(admin_url, database, roles.RolePasswords(owner=owner, app=app, system=system))
    except LocalProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"The roles and the database {database} are ready.\n")
    return 0


def _address(variable: str) -> str:
    try:
        return os.environ[variable]
    except KeyError:
        raise LocalProblem(
            f"{variable} is not set; `python -m agile_sales.local.provision --help` says what is."
        ) from None


def _password(role: str, variable: str) -> str:
    url = urlsplit(_address(variable))
    if url.username != role or not url.password:
        raise LocalProblem(f"{variable} has to be an address of {role} with its password.")
    return unquote(url.password)


if __name__ == "__main__":
    sys.exit(main())
