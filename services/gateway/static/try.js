// A form that sends one operation's request and shows the answer as it arrives.
import { element } from "./element.js";
import { resolve } from "./schema.js";

const EXAMPLES = {
  submitJob: { kind: "storybook", prompt: "A fox who is afraid of the dark", pages: 4 },
  pinLevel: { level: "fast", for_seconds: 60, by: "me", reason: "trying it out" },
};

function field(parameter, description) {
  const schema = resolve(parameter.schema, description);
  const attributes = { name: `${parameter.in}:${parameter.name}` };
  const input = schema.enum
    ? element("select", attributes, ...["", ...schema.enum].map((value) => element("option", {}, value)))
    : element("input", { ...attributes, autocomplete: "off", spellcheck: "false" });
  return element("label", {}, element("span", {}, `${parameter.name} (${parameter.in})`), input);
}

function requestOf(form, method, path, operation) {
  const values = new FormData(form);
  const given = (parameter) => values.get(`${parameter.in}:${parameter.name}`) || "";
  const url = new URL(path.replace(/{(\w+)}/g, (_, name) => encodeURIComponent(values.get(`path:${name}`))), location);
  const headers = {};
  for (const parameter of operation.parameters) {
    if (parameter.in === "query" && given(parameter)) url.searchParams.set(parameter.name, given(parameter));
    if (parameter.in === "header" && given(parameter)) headers[parameter.name] = given(parameter);
  }
  if (operation.requestBody) headers["Content-Type"] = "application/json";
  return [url, { method: method.toUpperCase(), headers, body: values.get("body") ?? undefined }];
}

async function show(answer, output) {
  const kept = ["location", "retry-after", "preference-applied", "etag"]
    .filter((name) => answer.headers.has(name)).map((name) => `${name}: ${answer.headers.get(name)}\n`);
  const head = `${answer.status} ${answer.statusText}\n${kept.join("")}\n`;
  const type = answer.headers.get("content-type") || "";
  output.textContent = head;
  if (type.startsWith("image/")) {
    output.textContent += `${(await answer.blob()).size} bytes of ${type}`;
  } else if (type.includes("json")) {
    output.textContent += JSON.stringify(await answer.json(), null, 2);
  } else if (answer.body) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) output.textContent += part.value;
  }
}

async function send(event, method, path, operation, output) {
  event.preventDefault();
  const form = event.currentTarget;
  form.abort?.abort();
  form.abort = new AbortController();
  output.hidden = false;
  output.textContent = "…";
  const [url, options] = requestOf(form, method, path, operation);
  try {
    await show(await fetch(url, { ...options, signal: form.abort.signal }), output);
  } catch (error) {
    if (error.name !== "AbortError") output.textContent += `\n${error.message}`;
  }
}

export function tryForm(method, path, operation, description) {
  const output = element("pre", { class: "output", hidden: "", "aria-live": "polite" });
  const example = JSON.stringify(EXAMPLES[operation.operationId] || {}, null, 2);
  const body = operation.requestBody
    ? element("label", {}, element("span", {}, "body"),
      element("textarea", { name: "body", rows: example.split("\n").length + 1, spellcheck: "false" }, example))
    : null;
  const form = element("form", { onsubmit: (event) => send(event, method, path, operation, output) },
    ...operation.parameters.map((parameter) => field(parameter, description)),
    body, element("button", {}, `Send ${method.toUpperCase()}`));
  return element("div", { class: "try" }, form, output);
}
