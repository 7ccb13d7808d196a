"""A project folder with the shape of ours and nothing in it, for tests of `make demo`: it starts in a second or two.

`manage.py` writes each command it is given into `commands`; the web process answers /health/ready, and /environment
with the names of its variables.
"""

from pathlib import Path

MANAGE = """
import os, signal, sys, time
from pathlib import Path
command = sys.argv[1]
with Path(__file__).with_name("commands").open("a") as file:
    file.write(f"{command} as {os.environ['DATABASE_ROLE']}\\n")
if command == "migrate":
    import psycopg2
    with psycopg2.connect(os.environ["DATABASE_OWNER_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS django_migrations (app text, name text)")
        cursor.execute("CREATE TABLE IF NOT EXISTS deals (id int)")
if command == "collectstatic":
    static = Path(__file__).with_name(".local").joinpath("static")
    static.mkdir(exist_ok=True)
    static.joinpath("base.css").write_text(str(time.time()))
if command == "seed_demo":
    print("acme: 3 deals", flush=True)
    if Path(__file__).with_name("seeding-fails").exists():
        sys.exit("the simulation has no currency")
if command in ("relay", "beat"):
    time.sleep(600)
"""
ASGI = """
import json, os
async def application(scope, receive, send):
    if scope["type"] == "http":
        body = json.dumps(sorted(os.environ)).encode() if scope["path"] == "/environment" else b"{}"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
"""
CELERY = """
import os
from celery import Celery
app = Celery("agile_sales", broker=os.environ["REDIS_URL"], fixups=[])
"""
START = """
import sys
from pathlib import Path
from agile_sales.local import demo
from agile_sales.local.problems import LocalProblem
try:
    demo.run(demo.Demo(project=Path(sys.argv[1]), port=int(sys.argv[2])))
except LocalProblem as problem:
    sys.exit(str(problem))
"""


def make(folder: Path) -> Path:
    """Write the project into `folder` and return it."""
    package = folder / "agile_sales"
    migrations = folder / "pipeline" / "migrations"
    for place in (package, migrations, folder / "static"):
        place.mkdir(parents=True)
    (folder / "manage.py").write_text(MANAGE)
    (package / "__init__.py").write_text("")
    (package / "asgi.py").write_text(ASGI)
    (package / "celery.py").write_text(CELERY)
    (migrations / "0001_initial.py").write_text("# the first")
    (folder / "static" / "base.css").write_text("body {}")
    (folder / "start.py").write_text(START)
    return folder
