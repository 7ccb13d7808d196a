"""The web process: everything is answered by Django's WSGI side in a fixed pool of threads.

Threads that stay keep their database connections; without that a request costs PostgreSQL fifteen times the CPU.
"""

import os
from typing import Any

from django.core.wsgi import get_wsgi_application

from agile_sales.bridge import Bridge

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agile_sales.settings")

django_wsgi: Any = get_wsgi_application()
application = Bridge(django_wsgi, workers=int(os.environ.get("WEB_THREADS", "8")))
