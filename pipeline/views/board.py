"""The board of deals: its columns, more cards of one, and the move of a card."""

from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline import queries
from pipeline.forms.board import BoardFilterForm
from pipeline.forms.opportunities import MoveForm
from pipeline.models import Opportunity, Stage
from pipeline.operations import StaleVersion, UnableToMoveStage, noted_changes
from pipeline.queries import board as boards
from pipeline.views.listing import read_filters, refuse_unless_editable
from pipeline.views.opportunity import found_deals, move_as_stated
from pipeline.views.past_board import board_on
from pipeline.views.undo import undo_offer
from tenancy.access import Action, member_can
from tenancy.http import MemberRequest, undo_changes
from tenancy.live import MOST_NAMED, newest_position
from tenancy.working_time import local_day


@member_can(Action.VIEW_OPPORTUNITIES)
@require_safe
def board(request: MemberRequest) -> HttpResponse:
    """Show the open deals of a pipeline by stage; with `on`, as they were recorded at the end of that day."""
    if on := request.GET.get("on"):
        return board_on(request, on)
    now = timezone.now()
    today = local_day(request.organization, now)
    filters = _filters(request)
    live_since = newest_position(organization=request.organization)  # before the deals are read
    found = boards.board(
        organization=request.organization,
        member=request.member,
        today=today,
        narrowed=filters.narrowed(),
        pipeline_id=filters.pipeline_id,
    )
    context = {
        "board": found,
        "live_since": live_since,
        "filters": filters,
        "in_force": [one for one in filters.in_force() if one[0] != "pipeline"],
        "plain_url": reverse("pipeline:board", args=[request.organization.slug]),
        "now": now,
        "today": today,
    }
    return render(request, "pipeline/board.html", context)


@member_can(Action.VIEW_OPPORTUNITIES)
@require_safe
def board_more(request: MemberRequest, stage_id: UUID) -> HttpResponse:
    """Show more cards of a column, behind the one that the address names."""
    now = timezone.now()
    today = local_day(request.organization, now)
    stage: Stage = get_object_or_404(Stage.objects.for_organization(request.organization), pk=stage_id)
    try:
        after = UUID(request.GET.get("after", ""))
    except ValueError:
        after = UUID(int=0)
    cards = boards.more_cards(
        organization=request.organization,
        member=request.member,
        today=today,
        narrowed=_filters(request).narrowed(),
        stage=stage,
        after=after,
    )
    shown = cards[: boards.MOST_CARDS]
    context = {"cards": shown, "stage": stage, "last": shown[-1] if len(cards) > len(shown) else None, "now": now}
    return render(request, "pipeline/board_more.html", {**context, "today": today})


@member_can(Action.VIEW_OPPORTUNITIES)
@require_safe
def board_changes(request: MemberRequest) -> HttpResponse:
    """Show what the live stream named: the cards of these deals that are on this board, and the heads of the columns.

    A deal whose card is not in the answer is not on the board, whether it was closed, is of another pipeline, or does
    not fit the filters.
    """
    now = timezone.now()
    filters = _filters(request)
    scope: dict[str, Any] = {"organization": request.organization, "member": request.member}
    scope |= {"today": local_day(request.organization, now), "narrowed": filters.narrowed()}
    found = boards.board(**scope, pipeline_id=filters.pipeline_id, with_cards=False)
    columns = {column.stage.pk for column in found.columns}
    cards = [card for card in boards.cards_of(**scope, wanted=_named(request)) if card.stage_id in columns]
    context = {"board": found, "cards": cards, "now": now, "today": scope["today"]}
    return render(request, "pipeline/board_changed.html", context)


def _named(request: MemberRequest) -> list[UUID]:
    """Return the deals that the address names.

    :raises BadRequest: for something that is no id, or more than a message names.
    """
    names = [name for name in request.GET.get("ids", "").split(",") if name]
    try:
        ids = [UUID(name) for name in names]
    except ValueError:
        raise BadRequest(_("This address names deals that can't be.")) from None
    if len(ids) > MOST_NAMED:
        raise BadRequest(_("At most %s deals at once.") % MOST_NAMED)
    return ids


@member_can(Action.EDIT_OPPORTUNITIES)
@require_POST
def board_move(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Move a card; the answer has the card and the heads of the columns as they are now, or why it stays."""
    deal: Opportunity = get_object_or_404(found_deals(request), pk=opportunity_id)
    refuse_unless_editable(deal)
    stages = queries.stages_of(organization=request.organization, pipeline_id=deal.pipeline_id)
    form = MoveForm(request.POST, stages=stages)
    if not form.is_valid():
        words = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _answer(request, deal, refusal=words, status=422)
    try:
        with noted_changes() as noted:
            move_as_stated(request, deal, form)
    except UnableToMoveStage as error:
        undo_changes(request)
        return _answer(request, deal, refusal=str(error), status=422)
    except StaleVersion:
        undo_changes(request)
        fresh: Opportunity = get_object_or_404(found_deals(request), pk=opportunity_id)
        words = _("Not moved: the deal changed meanwhile and is in “%(stage)s”. Look, then move it again.") % {
            "stage": fresh.stage.name
        }
        return _answer(request, fresh, refusal=words, status=409)
    words = _("%(deal)s moved to %(stage)s.") % {"deal": deal.name, "stage": deal.stage.name}
    page = f"{reverse('pipeline:board', args=[request.organization.slug])}?pipeline={deal.pipeline_id}"
    undo_url = undo_offer(request, words, noted, page=page)
    return _answer(request, deal, words=words, undo_url=undo_url)


def _answer(request: MemberRequest, deal: Opportunity, *, status: int = 200, **said: Any) -> HttpResponse:
    """Return the card as it is, and the true sums of all columns."""
    now = timezone.now()
    today = local_day(request.organization, now)
    scope: dict[str, Any] = {"organization": request.organization, "member": request.member, "today": today}
    narrowed = _filters(request).narrowed()
    found = boards.board(**scope, narrowed=narrowed, pipeline_id=deal.pipeline_id, with_cards=False)
    card = boards.card_of(**scope, deal=deal) if deal.is_open else None
    context = {"board": found, "card": card, "now": now, "today": today, **said}
    return render(request, "pipeline/board_moved.html", context, status=status)


def _filters(request: MemberRequest) -> BoardFilterForm:
    filters = BoardFilterForm(request.GET)
    filters.offer(owner=queries.owner_choices(organization=request.organization))
    read_filters(filters)
    return filters
