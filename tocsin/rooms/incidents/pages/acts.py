"""What is done on the page of an incident, an action each."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tocsin.rooms.incidents import actions, forms, queries
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.incidents.pages import drawers
from tocsin.rooms.incidents.pages.common import act


@act(forms.CommentForm, drawer=drawers.COMMENT)
def comment(view: queries.View, form: Any) -> str:
    """Say something."""
    said = form.cleaned_data
    audience = said.get("audience") or ("entity" if said["entity"] else "team")
    actions.comment(
        actor=view.user, incident=view.incident, text=said["text"], entity=said["entity"], audience=audience
    )
    return _("Comment added.")


@act(forms.EventForm)
def advance(view: queries.View, form: Any) -> str:
    """Let the incident advance."""
    after = actions.advance(actor=view.user, incident=view.incident, event=form.cleaned_data["event"])
    return _("State: %s") % Incident.State(after.state).label


@act(forms.TakeForm)
def take(view: queries.View, form: Any) -> str:
    """Own it."""
    shown = form.cleaned_data["owner"] if "owner" in form.data else None
    actions.take(actor=view.user, incident=view.incident, shown=shown)
    return _("You own this incident.")


@act(forms.RejectForm, drawer=drawers.REJECT)
def reject(view: queries.View, form: Any) -> str:
    """Put it away: it is no incident."""
    actions.reject(actor=view.user, incident=view.incident, **form.cleaned_data)
    return _("Put away as no incident.")


@act(forms.FlagForm, drawer=drawers.FLAGS)
def flag(view: queries.View, form: Any) -> str:
    """Set a flag."""
    given = form.cleaned_data
    actions.set_flag(actor=view.user, incident=view.incident, **given | {"shown": given["shown"] or None})
    return _("Changed.")


@act(forms.ParentForm, drawer=drawers.PARENT)
def parent(view: queries.View, form: Any) -> str:
    """Make it a part of another incident, or of none."""
    above = _other(view, form.cleaned_data["parent"]) if form.cleaned_data["parent"] else None
    actions.set_parent(actor=view.user, incident=view.incident, parent=above)
    return _("Changed.")


@act(forms.LinkForm, drawer=drawers.LINK)
def link(view: queries.View, form: Any) -> str:
    """Link it to another incident."""
    other = _other(view, form.cleaned_data["other"])
    actions.relate(actor=view.user, incident=view.incident, other=other, reason=form.cleaned_data["reason"])
    return _("Linked.")


@act(forms.NothingForm)
def unlink(view: queries.View, form: Any) -> str:
    """Remove a link."""
    actions.unrelate(actor=view.user, relation=queries.relation_or_404(view, form.named["link"]))
    return _("The link is removed.")


def _other(view: queries.View, reference: str) -> Incident:
    other = queries.named(view.user, reference)
    if other is None:
        raise ValidationError(_("There is no incident %s that you may see.") % reference)
    return other


@act(forms.EventEntryForm, drawer=drawers.EVENT)
def entry(view: queries.View, form: Any) -> str:
    """Write what happened, and when."""
    given = form.cleaned_data
    audience = given["audience"] or ("entity" if given["entity"] else "team")
    actions.add_event(actor=view.user, incident=view.incident, **given | {"audience": audience})
    return _("Written down.")


@act(forms.NothingForm)
def entry_pin(view: queries.View, form: Any) -> str:
    """Mark an entry as a key one, or no longer."""
    known = queries.entry_or_404(view, form.named["entry"])
    pinned = not known.pinned
    actions.pin(actor=view.user, entry=known, pinned=pinned)
    return _("Pinned.") if pinned else _("No longer pinned.")


@act(forms.OfferForm, drawer=drawers.OFFER)
def offer(view: queries.View, form: Any) -> str:
    """Offer it to another team."""
    team = form.cleaned_data["team"]
    actions.offer(actor=view.user, incident=view.incident, team=team, text=form.cleaned_data["note"])
    return str(_("Offered to %s.") % team)


@act(forms.NothingForm)
def accept(view: queries.View, form: Any) -> str:
    """Accept an offer."""
    actions.accept(actor=view.user, hand_off=queries.offer_or_404(view, form.named["offer"]))
    return _("You own this incident.")


@act(forms.ReasonForm)
def refuse(view: queries.View, form: Any) -> str:
    """Refuse an offer with a reason."""
    hand_off = queries.offer_or_404(view, form.named["offer"])
    actions.refuse(actor=view.user, hand_off=hand_off, reason=form.cleaned_data["reason"])
    return _("Refused.")


@act(forms.NothingForm)
def withdraw(view: queries.View, form: Any) -> str:
    """Take an offer back."""
    actions.withdraw(actor=view.user, hand_off=queries.offer_or_404(view, form.named["offer"]))
    return _("Withdrawn.")


@act(forms.SealForm, drawer=drawers.SEAL)
def seal(view: queries.View, form: Any) -> str:
    """Seal it to named people."""
    actions.seal(actor=view.user, incident=view.incident, people=form.cleaned_data["people"])
    return _("Sealed. It now exists for the people you named, and for nobody else.")


@act(forms.NothingForm)
def unseal(view: queries.View, _form: Any) -> str:
    """Remove the seal."""
    actions.unseal(actor=view.user, incident=view.incident)
    return _("The seal is removed.")


@act(forms.OrganisationForm, drawer=drawers.ORGANISATION)
def add_organisation(view: queries.View, form: Any) -> str:
    """Add an organisation concerned."""
    actions.add_organisation(actor=view.user, incident=view.incident, **form.cleaned_data)
    return _("Added.")


@act(forms.TaskForm, drawer=drawers.TASK)
def add_task(view: queries.View, form: Any) -> str:
    """Ask for something to be done."""
    actions.add_task(actor=view.user, incident=view.incident, **form.cleaned_data)
    return _("Task added.")


@act(forms.TaskAnswerForm)
def answer_task(view: queries.View, form: Any) -> str:
    """Answer a task."""
    actions.answer_task(actor=view.user, task=queries.task_or_404(view, form.named["task"]), **form.cleaned_data)
    return _("Answered.")


@act(forms.ReasonForm)
def pause(view: queries.View, form: Any) -> str:
    """Stop the time of a deadline."""
    deadline = queries.deadline_or_404(view, form.named["deadline"])
    actions.pause(actor=view.user, deadline=deadline, reason=form.cleaned_data["reason"])
    return _("Paused.")


@act(forms.NothingForm)
def resume(view: queries.View, form: Any) -> str:
    """Let the time of a deadline pass again."""
    actions.resume(actor=view.user, deadline=queries.deadline_or_404(view, form.named["deadline"]))
    return _("Its time passes again.")


@act(forms.InformForm, drawer=drawers.INFORM)
def inform(view: queries.View, form: Any) -> str:
    """Tell an organisation's officer."""
    told = actions.inform(actor=view.user, incident=view.incident, **form.cleaned_data)
    return _("On its way to %s.") % ", ".join(told.tellings.order_by("pk").values_list("address", flat=True))
