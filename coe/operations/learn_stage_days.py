"""Learning how long won deals stayed in each stage."""

import datetime
from dataclasses import dataclass

import numpy as np
from django.db import transaction

from coe.forecasting.stays import usual_stays
from coe.queries.stage_stays import won_stays
from pipeline.models import Stage
from pipeline.operations import record_learned_days
from tenancy.models import Organization


@dataclass(frozen=True)
class StageDays:
    """What was learnt: from so many stays of won deals, of so many stages, and of how many it says something new."""

    stays: int
    stages: int
    written: int


@transaction.atomic
def learn_stage_days(*, organization: Organization, as_of: datetime.datetime) -> StageDays:
    """Learn from the won deals of two years how long one stays in each stage; what people set is the prior."""
    stages = list(Stage.objects.for_organization(organization).filter(kind="open").order_by("id"))
    code = {stage.pk: number for number, stage in enumerate(stages)}
    found = [(code[stage], days) for stage, days in won_stays(organization=organization, as_of=as_of) if stage in code]
    learnt = usual_stays(
        stage=np.asarray([number for number, _ in found], dtype=np.int64),
        days=np.asarray([days for _, days in found], dtype=np.float64),
        priors={number: float(stage.expected_days) for number, stage in enumerate(stages)},
    )
    written = record_learned_days(
        organization=organization,
        learned={stages[number].pk: (one.usual_days, one.late_days, one.stays) for number, one in learnt.items()},
    )
    return StageDays(len(found), len(learnt), written)
