# One image for web, worker, relay, beat and migrate. Built by a person: CI has no engine to build or run it.

FROM python:3.13-slim AS build
WORKDIR /build
COPY pyproject.toml requirements.lock ./
# Every file is checked against the lock's hashes; of those, only what the product runs on is installed.
RUN pip download --quiet --no-deps --require-hashes --requirement requirements.lock --dest wheels
RUN python -m venv /venv && python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > names \
    && /venv/bin/pip install --quiet --no-index --find-links wheels --requirement names

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home agile
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=agile_sales.settings STATIC_ROOT=/srv/static
RUN AGILE_SALES_OFFLINE=True python manage.py collectstatic --no-input && python -m compileall -q agile_sales
USER agile
EXPOSE 8000
# A proxy in front ends TLS; /health/ready says whether to send requests here.
CMD ["uvicorn", "agile_sales.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--no-server-header", "--no-access-log", "--timeout-graceful-shutdown", "10"]
