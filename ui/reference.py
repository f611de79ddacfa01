"""The reference of the HTTP API.

One plain page, made from the OpenAPI description; it loads nothing from elsewhere.
"""

from html import escape
from typing import Any

__all__ = ["reference"]

_STYLE = """
body{font:16px/1.6 "Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;max-width:52rem;
margin:2rem auto;padding:0 1rem;color:#1b2529;background:#fff}
code,pre{font-family:"Noto Sans Mono",monospace;font-size:15px}pre{background:#f2f5f6;padding:.75rem;overflow-x:auto}
h2{border-top:1px solid #d5dcdf;padding-top:1.2rem;font-size:1.1rem}b{color:#0e4a5c}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #e3e8ea;padding:.3rem .8rem .3rem 0;
vertical-align:top}
@media (prefers-color-scheme:dark){body{color:#e4eaec;background:#12181b}pre{background:#1b2428}b{color:#8ccbd9}
a{color:#8ccbd9}h2,td{border-color:#33424a}}
"""


def reference(description: dict[str, Any]) -> str:
    """HTML for an OpenAPI 3.1 description: each operation with its parameters, body and answers."""
    schemas = description.get("components", {}).get("schemas", {})
    operations = "".join(
        _operation(method, path, operation, schemas)
        for path, methods in description.get("paths", {}).items()
        for method, operation in methods.items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Precedent HTTP API</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head><body>'
        "<h1>Precedent HTTP API</h1><p>JSON in, JSON out. Errors are <code>{&quot;error&quot;: &quot;…&quot;}</code> "
        'with status 400, 404, 413 or 422. The machine-readable description is <a href="/openapi.json">'
        f"openapi.json</a>.</p>{operations}</body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    rows = [
        _row(p["name"], p.get("schema", {}), required=p.get("required", False)) for p in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = schemas.get(_name(body), {})
    required = schema.get("required", [])
    rows += [_row(name, field, required=name in required) for name, field in schema.get("properties", {}).items()]
    answer: dict[str, Any] = next(
        (r for status, r in operation.get("responses", {}).items() if status.startswith("2")), {}
    )
    given = answer.get("content", {}).get("application/json", {}).get("schema", {})
    table = f"<table>{''.join(rows)}</table>" if rows else ""
    told = schema.get("description", "")
    return (
        f"<h2><b>{escape(method.upper())}</b> <code>{escape(path)}</code></h2>"
        f"<p>{escape(operation.get('summary', ''))}</p><p>{escape(told)}</p>{table}"
        f"<p>Answer: <code>{escape(_kind(given))}</code></p>"
    )


def _row(name: str, field: dict[str, Any], *, required: bool) -> str:
    kind = _kind(field) + ("" if required else ", optional")
    told = field.get("description", "")
    return f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind)}</td><td>{escape(told)}</td></tr>"


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]


def _kind(schema: dict[str, Any]) -> str:
    """A type in a few words."""
    if "$ref" in schema:
        return _name(schema)
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(kind for kind in map(_kind, schema["anyOf"]) if kind != "null")
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "object")
