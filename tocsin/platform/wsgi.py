"""The web process: what granian (or any WSGI server) loads as `tocsin.platform.wsgi:application`."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from tocsin.platform.start import start

start()
application = get_wsgi_application()
