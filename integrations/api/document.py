"""The OpenAPI document of the API, for programs that make clients of it."""

from functools import cache
from threading import Lock
from typing import Any

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from rest_framework.request import Request
from rest_framework.views import APIView

from integrations.api.parameters import read_none
from integrations.api.views import ApiView
from tenancy.access import AccessPolicy


class SchemaView(APIView):
    """The document as JSON, or as YAML where the Accept header asks for application/vnd.oai.openapi."""

    access_policy = AccessPolicy(reason="public: it describes the API and holds no data")
    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2)
    metadata_class = None
    http_method_names = ApiView.http_method_names
    schema = None

    def get(self, request: Request) -> HttpResponse:
        """Return the document."""
        read_none(request.query_params)
        renderer = request.accepted_renderer
        return HttpResponse(
            document(isinstance(renderer, OpenApiYamlRenderer)),
            content_type=renderer.media_type,
            headers={"Cache-Control": "public, max-age=300"},
        )


_one_at_a_time = Lock()


def document(as_yaml: bool) -> bytes:
    """Return the document as YAML or JSON; it is the same until the process ends."""
    # What makes it is not meant for two threads at once, and the first callers after a start may be several.
    with _one_at_a_time:
        return _document(as_yaml)


@cache
def _document(as_yaml: bool) -> bytes:
    renderer: Any = OpenApiYamlRenderer() if as_yaml else OpenApiJsonRenderer()
    generator: Any = SchemaGenerator  # has no types
    written: bytes = renderer.render(generator().get_schema(request=None, public=True), renderer_context={})
    return written
