"""Files that come with a form of an incident, encrypted as they come."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect

from tocsin.rooms.artefacts.actions import let_pass, receiving

WHOLE = "whole"  # the last field of such a form: what came without it was cut off


def received(request: HttpRequest, add: Callable[[HttpRequest], HttpResponse], back: str) -> HttpResponseBase:
    """Take files in and ``add`` them, or say why not and go ``back``; the page is exempt from the check of its token.

    What checks the token reads the form: it is asked here, once the receiver is in its place.
    """

    @csrf_protect
    def whole(request: HttpRequest) -> HttpResponse:
        sent = WHOLE in request.POST
        if receiver.refusal:
            raise ValidationError(receiver.refusal)
        if not sent:
            raise ValidationError(_("It was cut off on its way; send it again. Nothing was kept."))
        return add(request)

    try:
        with receiving(request) as receiver:
            return whole(request)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    with suppress(OSError):  # a form that was read already, or whose sender is gone
        let_pass(request.read)
    return redirect(back)
