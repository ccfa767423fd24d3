"""OpenAPI 3.1 from the table of operations and the models it names."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from services.contract.jobs import ImageRequest, StorybookRequest, StoryRequest
from services.contract.settings import Settings
from services.gateway.operation import Answer, Operation, Parameter
from services.gateway.operations import OPERATIONS
from services.gateway.policy_view import PinRequest
from services.gateway.problems import MEDIA_TYPE, PROBLEMS, ProblemDocument

Schemas = dict[tuple[str, str], dict[str, Any]]

VERSION = "1.0.0"
DESCRIPTION = (
    "Stories and pictures from a queue that spends quality where the load allows it. "
    "Every error is a problem document (RFC 9457)."
)
_PROBLEM = ("problem", "serialization")
REQUESTS = (StoryRequest, ImageRequest, StorybookRequest, PinRequest)
_REF = "#/components/schemas/{model}"


def describe(settings: Settings, levels: tuple[str, ...]) -> dict[str, Any]:
    """The description of a gateway with these settings, whose policy has these levels."""
    schemas, components = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schemas)
    for model in REQUESTS:
        _tighten(components[model.__name__]["properties"], settings, levels)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Storyteller", "version": VERSION, "description": DESCRIPTION},
        "paths": paths,
        "components": {"schemas": components},
        "x-problems": [{**row._asdict(), "uri": row.uri} for row in PROBLEMS.values()],
    }


def _inputs() -> list[tuple[tuple[str, str], Any, Any]]:
    found: list[tuple[tuple[str, str], Any, Any]] = [
        (_PROBLEM, "serialization", TypeAdapter(ProblemDocument))
    ]
    for operation in OPERATIONS:
        if operation.body is not None:
            found.append(((operation.name, "body"), "validation", operation.body))
        for answer in operation.answers:
            if answer.model is not None:
                key = (operation.name, str(answer.status))
                found.append((key, "serialization", TypeAdapter(answer.model)))
    return found


def _schemas() -> tuple[Schemas, dict[str, Any]]:
    inputs = [(key, mode, adapter) for key, mode, adapter in _inputs()]
    by_key, shared = TypeAdapter.json_schemas(inputs, ref_template=_REF)
    schemas = {key: schema for (key, _), schema in by_key.items()}
    return schemas, shared.get("$defs", {})


def _tighten(fields: dict[str, Any], settings: Settings, levels: tuple[str, ...]) -> None:
    """Write this server's own limits into a request's schema."""
    fields["level"]["enum"] = ["auto", *levels]
    for name in fields.keys() & {"prompt", "negative_prompt"}:
        fields[name]["maxLength"] = settings.max_prompt_characters
    if "prompt" in fields:
        fields["prompt"]["pattern"] = r"\S"


def _operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [*map(_parameter, operation.parameters), *_query(operation)],
        "responses": {
            str(answer.status): _answer(answer, schemas.get((operation.name, str(answer.status))))
            for answer in operation.answers
        }
        | _problems(operation.problems, schemas[_PROBLEM]),
    }
    if operation.body is not None:
        content = {"application/json": {"schema": schemas[operation.name, "body"]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _query(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    fields = operation.query.model_json_schema(ref_template=_REF)["properties"]
    return [
        _parameter(Parameter(name, "query", _present(schema), schema.get("description", "")))
        for name, schema in fields.items()
    ]


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    """What a parameter may hold when it is there: it may be left out, but not be null."""
    choices = [choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
    return choices[0] if choices else schema


def _answer(answer: Answer, schema: dict[str, Any] | None) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if schema is not None:
        described["content"] = {"application/json": {"schema": schema}}
    elif answer.media:
        described["content"] = {media: {} for media in answer.media}
    if answer.headers:
        described["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in answer.headers.items()
        }
    return described


def _problems(slugs: Sequence[str], schema: dict[str, Any]) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": schema}}
    titles: dict[str, list[str]] = {}
    for slug in slugs:
        titles.setdefault(str(PROBLEMS[slug].status), []).append(PROBLEMS[slug].title)
    answers = {
        status: {"description": "; or: ".join(named), "content": content}
        for status, named in titles.items()
    }
    return answers | {"default": {"description": "Any other problem.", "content": content}}
