"""The web process: what granian (or any WSGI server) loads as `tocsin.platform.wsgi:application`."""

from __future__ import annotations

import gc

from django.core.wsgi import get_wsgi_application

from tocsin.platform.start import start

start()
application = get_wsgi_application()
gc.freeze()  # what is loaded now stays; looking through it again and again costs every page a tenth of its time
gc.set_threshold(20_000, 20, 50)
