// JSON Schema as tables.
import { element } from "./element.js";

const REF = "#/components/schemas/";

export const modelName = (schema) => (schema.$ref || "").replace(REF, "");

export function resolve(schema, description) {
  return schema.$ref ? description.components.schemas[modelName(schema)] : schema;
}

function link(name) {
  return element("a", { href: `#model-${name}` }, name);
}

function typeOf(schema) {
  if (schema.$ref) return [link(modelName(schema))];
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(" | ")];
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return choices.flatMap((choice, i) => [i ? " | " : "", ...typeOf(choice)]);
  if (schema.type === "array") return ["array of ", ...typeOf(schema.items || {})];
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return ["map to ", ...typeOf(schema.additionalProperties)];
  }
  return [schema.format ? `${schema.type} (${schema.format})` : schema.type || "anything"];
}

const LIMITS = {
  minimum: "≥", maximum: "≤", exclusiveMinimum: ">", exclusiveMaximum: "<", multipleOf: "multiple of",
  minLength: "length ≥", maxLength: "length ≤", pattern: "matches",
};

// What narrows a value sits in the alternatives of an optional field as well.
const parts = (schema) => [schema, ...(schema.anyOf || [])];

function limits(schema) {
  return parts(schema).flatMap((part) =>
    Object.entries(LIMITS).filter(([key]) => key in part).map(([key, sign]) => `${sign} ${part[key]}`));
}

function note(schema, required) {
  const said = parts(schema).map((part) => part.description).filter(Boolean);
  const fallback = "default" in schema && schema.default !== null
    ? [`Default ${JSON.stringify(schema.default)}.`] : [];
  const bounds = limits(schema);
  return [...said, ...fallback, bounds.length ? `(${bounds.join(", ")})` : "", required ? "Required." : ""]
    .filter(Boolean).join(" ");
}

export function row(name, schema, required, text = "") {
  return element("tr", {},
    element("td", {}, element("code", {}, name)),
    element("td", { class: "type" }, ...typeOf(schema)),
    element("td", {}, [text, note(schema, required)].filter(Boolean).join(" ")));
}

export function table(schema) {
  if (!schema.properties) return element("p", { class: "type" }, ...typeOf(schema));
  const required = new Set(schema.required || []);
  const isRequest = schema.additionalProperties === false;
  const rows = Object.entries(schema.properties)
    .map(([name, part]) => row(name, part, isRequest && required.has(name)));
  return element("table", {}, element("tbody", {}, ...rows));
}

export function model(name, schema) {
  return element("section", { id: `model-${name}`, class: "model" },
    element("h3", {}, name), element("p", {}, schema.description || ""), table(schema));
}
