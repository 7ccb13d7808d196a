"""The map in docs/imports.md does what the guide says of it."""

import json
import re
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from pipeline.models import Opportunity, Stage
from tenancy.scoping import organization_scope
from tests.cast import Cast
from tests.servers import ROOT

DEALS = """opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
1C1I7A6R,Moses Frase,GTXPro,Cancity,Won,2016-10-20,2017-03-01,1054
Z063OYW0,Moses Frase,GTX Pro,Cancity,Lost,2016-10-25,2017-03-11,0
EC4QE1BX,Moses Frase,GTX Pro,Cancity,Engaging,2016-10-25,,
MV1LWRNH,Moses Frase,GTX Pro,Cancity,Prospecting,,,
"""
FILES = {
    "sales_pipeline.csv": DEALS,
    "products.csv": "product,series,sales_price\nGTX Pro,GTX,4821\n",
    "accounts.csv": "account,sector,revenue,employees\nCancity,retail,718.62,2448\n",
    "sales_teams.csv": "sales_agent,manager,regional_office\nMoses Frase,,Central\n",
}


def test_its_map_decides_the_stages_and_the_other_name_of_a_product(cast: Cast, tmp_path: Path) -> None:
    example = re.search(r"```json\n(.*?)```", (ROOT / "docs" / "imports.md").read_text(), re.S)
    assert example is not None
    given = tmp_path / "map.json"
    given.write_text(json.dumps(json.loads(example[1])))
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    report = StringIO()

    paths = [str(tmp_path / name) for name in FILES]
    call_command("import_records", *paths, organization="acme", map=str(given), json=True, stdout=report)

    said = json.loads(report.getvalue())
    deals = next(found for found in said["files"] if found["file"] == "sales_pipeline.csv")
    assert (deals["new"], deals["held_back"]) == (4, 0)
    with organization_scope(cast.acme):
        kinds = {stage.name: stage.kind for stage in Stage.objects.filter(name__in=("Won", "Lost", "Engaging"))}
        product_names = {deal.product.name for deal in Opportunity.objects.filter(source="import:maven")}
    assert kinds["Engaging"] == "open"
    assert product_names == {"GTX Pro"}
    with organization_scope(cast.globex):
        assert not Opportunity.objects.exists()
