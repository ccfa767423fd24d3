// Renders /openapi.json as a page.
import { element } from "./element.js";
import { model, modelName, row } from "./schema.js";
import { tryForm } from "./try.js";

function modelLinks(schema) {
  const choices = schema.oneOf || [schema];
  return choices.map(modelName).filter(Boolean)
    .flatMap((name, i) => [i ? ", " : "", element("a", { href: `#model-${name}` }, name)]);
}

function parameters(operation) {
  if (!operation.parameters.length) return null;
  const rows = operation.parameters.map((one) => row(one.name, one.schema, one.required, `${one.description} In the ${one.in}.`));
  return element("div", {}, element("h4", {}, "Parameters"), element("table", {}, element("tbody", {}, ...rows)));
}

function body(operation) {
  if (!operation.requestBody) return null;
  const { schema } = operation.requestBody.content["application/json"];
  return element("p", {}, element("strong", {}, "Body: "), ...modelLinks(schema));
}

function answer([status, response]) {
  const content = Object.entries(response.content || {});
  const shapes = content.flatMap(([media, { schema }]) => [
    element("div", {}, element("code", {}, media), " ", ...(schema ? modelLinks(schema) : []))]);
  return element("tr", {}, element("td", {}, element("code", { class: `status s${status[0]}` }, status)),
    element("td", {}, response.description), element("td", {}, ...shapes));
}

function operationCard([method, path, operation], description) {
  return element("details", { id: operation.operationId, class: "operation" },
    element("summary", {}, element("span", { class: `method ${method}` }, method.toUpperCase()), " ",
      element("code", {}, path), " ", element("span", { class: "what" }, operation.summary)),
    parameters(operation), body(operation),
    element("h4", {}, "Answers"),
    element("table", {}, element("tbody", {}, ...Object.entries(operation.responses).map(answer))),
    element("h4", {}, "Try it"), tryForm(method, path, operation, description));
}

function problemRow(problem) {
  return element("tr", { id: problem.slug }, element("td", {}, element("code", {}, problem.uri)),
    element("td", {}, String(problem.status)), element("td", {}, problem.title), element("td", {}, problem.remedy));
}

const operationsOf = (description) => Object.entries(description.paths)
  .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => [method, path, operation]));

function contents(operations) {
  const links = operations.map(([method, path, operation]) => element("li", {},
    element("a", { href: `#${operation.operationId}` },
      element("span", { class: `method ${method}` }, method.toUpperCase()), " ", path)));
  return element("ul", {}, ...links, element("li", {}, element("a", { href: "#problems" }, "Problems")),
    element("li", {}, element("a", { href: "#models" }, "Models")));
}

function grouped(operations, description) {
  const tags = [...new Set(operations.map(([, , operation]) => operation.tags[0]))];
  return tags.map((tag) => element("section", {}, element("h2", {}, tag),
    ...operations.filter(([, , operation]) => operation.tags[0] === tag)
      .map((operation) => operationCard(operation, description))));
}

function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target?.tagName === "DETAILS") target.open = true;
  target?.scrollIntoView();
}

function render(description) {
  const operations = operationsOf(description);
  document.getElementById("description").textContent = description.info.description;
  document.getElementById("contents").append(contents(operations));
  document.getElementById("operations").append(...grouped(operations, description));
  document.getElementById("problem-rows").append(...description["x-problems"].map(problemRow));
  document.getElementById("model-list")
    .append(...Object.entries(description.components.schemas).map(([name, schema]) => model(name, schema)));
  addEventListener("hashchange", openTarget);
  openTarget();
}

fetch("/openapi.json").then((answered) => answered.json()).then(render).catch((error) => {
  document.getElementById("description").textContent = `cannot read /openapi.json: ${error.message}`;
});
