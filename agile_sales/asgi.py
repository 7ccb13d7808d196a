"""The web process: streams are answered by a bare application, the rest by Django's WSGI side in a pool of threads.

Threads that stay keep their database connections; without that a request costs PostgreSQL fifteen times the CPU.
"""

import os
from typing import Any

from django.core.wsgi import get_wsgi_application

from agile_sales.bridge import Bridge

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agile_sales.settings")

django_wsgi: Any = get_wsgi_application()
# It reads settings, which the line above has set up.
from agile_sales.live import Live  # noqa: E402

application = Live(Bridge(django_wsgi, workers=int(os.environ.get("WEB_THREADS", "8"))))
