"""OpenTelemetry: spans go to OTEL_EXPORTER_OTLP_ENDPOINT; without it nothing is set up."""

import httpx
from django.conf import settings
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from .spans import trace_outbound, trace_queries


def start_tracing(*, service: str) -> TracerProvider | None:
    """Send this process's spans under the name `service`, if an endpoint is set; once a process."""
    endpoint: str = settings.ENVIRONMENT.otel_exporter_otlp_endpoint.rstrip("/")
    if not endpoint:
        return None
    return install(service=service, processor=_exporter(endpoint))


def install(*, service: str, processor: SpanProcessor) -> TracerProvider:
    """Make `processor` receive the spans of this process and of its queries and outbound calls."""
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    trace_queries()
    httpx.HTTPTransport.handle_request = trace_outbound(  # type: ignore[method-assign,assignment]
        httpx.HTTPTransport.handle_request
    )
    return provider


def _exporter(endpoint: str) -> SpanProcessor:
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces"))
