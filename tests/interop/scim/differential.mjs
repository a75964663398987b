// The SCIM engine (scim_engine, behind a pipe) against other implementations on random input:
//   filters   scim2-parse-filter on all of the language, scimmy on plain comparisons
//   PATCH     scim-patch on documents alone, scimmy with its own schemas
//
//   node differential.mjs PATH_OF_SCIM_ENGINE [SEED] [CASES]
//
// Where Latchkey decides otherwise than an implementation, the case is put to that implementation in words that
// mean the decision (`asked`, `put`), so that answers must be equal in every case. Each such place is named in
// `differences`, with its reason, and must come up at least once. The last line is "PASSED FAILED": the kinds of cases
// and the differences.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";

const require = createRequire(import.meta.url);
const parseFilter = require("scim2-parse-filter");
const { scimPatch } = require("scim-patch");
const { default: SCIMMY } = await import("scimmy");

const [engine, seedText = "7643", casesText = "2500"] = process.argv.slice(2);
const cases = Number(casesText);
const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const core = "urn:ietf:params:scim:schemas:core:2.0:User";

const differences = {
  "absent is unequal": "an attribute that is absent meets `ne`; scim2-parse-filter lets it meet nothing",
  "null is absent": "`eq null` asks whether the attribute is absent; scim2-parse-filter compares with a member null",
  "letter case": "attributes with caseExact false are equal without case; the others compare bytes",
  "list means its value": "`emails co` means emails.value; scim2-parse-filter compares the objects",
  "booleans as texts": "`active eq \"True\"` is a comparison with true; scim2-parse-filter compares types too",
  "conjunction makes an element": "a path filter of several eq is enough to make an element; scim-patch takes one",
  "one primary": "RFC 7644 section 3.5.2: primary true on one element makes it false on the others",
  "no match changes nothing": "removing what is not there is 200; scim-patch fails on absent lists",
  "one element meets all": "emails[a and b] asks for one element; scim2-parse-filter asks the list as a whole",
  "listed by their value": "an element that Entra lists for removal has nulls; scim-patch compares whole objects",
};
const seen = new Set();
const differ = (name) => {
  if (!(name in differences)) throw new Error(`unlisted difference ${name}`);
  seen.add(name);
};

// A generator that gives the same numbers for the same seed (Mulberry32).
let state = Number(seedText) >>> 0;
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const below = (n) => Math.floor(random() * n);
const chance = (p) => random() < p;
const pick = (list) => list[below(list.length)];
const copy = (value) => JSON.parse(JSON.stringify(value));

// ---- documents

const words = ["a", "b", "ab", "ba", "abc", "Ab", "BA", "x y", "q\"uote", "back\\slash", "ö", "100%", "o'neil"];
const types = ["work", "home", "other"];
const maybe = (object, name, value, p = 0.6) => {
  if (chance(p)) object[name] = value();
};

function element(used) {
  const value = pick(words.filter((w) => !used.has(w.toLowerCase())));
  used.add(value.toLowerCase());
  const made = { value };
  maybe(made, "type", () => pick(types));
  maybe(made, "display", () => pick(words), 0.2);
  return made;
}
function elements(most) {
  const used = new Set();
  return Array.from({ length: 1 + below(most) }, () => element(used));
}

function user() {
  const made = { schemas: [core], id: "u1", userName: pick(words) };
  maybe(made, "externalId", () => pick(words));
  maybe(made, "title", () => pick(words));
  maybe(made, "displayName", () => pick(words));
  maybe(made, "active", () => chance(0.5));
  maybe(made, "name", () => {
    const name = { familyName: pick(words) };
    maybe(name, "givenName", () => pick(words));
    return name;
  });
  maybe(made, "emails", () => elements(3));
  maybe(made, "phoneNumbers", () => elements(2), 0.3);
  if (made.emails && chance(0.4)) pick(made.emails).primary = true;
  if (chance(0.4)) {
    made[enterprise] = { department: pick(words) };
    made.schemas = [core, enterprise];
  }
  return made;
}

// ---- filters: a tree, printed for us and for the others

const single = ["userName", "externalId", "title", "displayName", "name.familyName", "name.givenName", `${enterprise}:department`];
const parts = ["value", "type", "display"];
const operators = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
const exact = new Set(["externalId"]);

function compare(path, inElement) {
  if (chance(0.15)) return { kind: "pr", path };
  if (chance(0.08)) return { kind: "compare", path, op: pick(["eq", "ne"]), value: null };
  if (!inElement && chance(0.15)) {
    return { kind: "compare", path: "active", op: pick(["eq", "ne"]), value: pick([true, false, "True", "False"]) };
  }
  return { kind: "compare", path, op: pick(operators), value: path.endsWith("type") && chance(0.8) ? pick(types) : pick(words) };
}

function filterTree(depth, inElement) {
  const kind = depth === 0 ? 0 : below(7);
  if (kind === 1) return { kind: "not", part: filterTree(depth - 1, inElement) };
  if (kind === 2 || kind === 3) {
    return { kind: kind === 2 ? "and" : "or", parts: [filterTree(depth - 1, inElement), filterTree(depth - 1, inElement)] };
  }
  if (inElement) return compare(pick(parts), true);
  if (kind === 4) return { kind: "element", path: "emails", part: filterTree(depth - 1, true) };
  if (kind === 5) return compare(`emails.${pick(parts)}`, true);
  if (kind === 6) return { kind: "compare", path: "emails", op: pick(["eq", "co", "sw", "ew"]), value: pick(words) };
  return compare(pick(single), false);
}

const anyCase = (text) => (chance(0.3) ? text.replace(/[a-zA-Z]/g, (c) => (chance(0.5) ? c.toUpperCase() : c.toLowerCase())) : text);
const blanks = () => " ".repeat(1 + (chance(0.2) ? below(3) : 0));

// As a client might write it.
function written(tree) {
  switch (tree.kind) {
    case "not":
      return `${anyCase("not")}${chance(0.5) ? " " : ""}(${written(tree.part)})`;
    case "and":
    case "or": {
      const inner = tree.parts.map((part) =>
        (tree.kind === "and" && part.kind === "or") || chance(0.2) ? `(${written(part)})` : written(part));
      return inner.join(blanks() + anyCase(tree.kind) + blanks());
    }
    case "element":
      return `${anyCase(tree.path)}[${written(tree.part)}]`;
    case "pr":
      return `${anyCase(tree.path)}${blanks()}${anyCase("pr")}`;
    default:
      return `${anyCase(tree.path)}${blanks()}${anyCase(tree.op)}${blanks()}${JSON.stringify(tree.value)}`;
  }
}

// The same for scim2-parse-filter: an object as it parses them, with our decisions spelled out.
function asked(tree, document) {
  switch (tree.kind) {
    case "not":
      return { op: "not", filter: asked(tree.part, document) };
    case "and":
    case "or":
      return { op: tree.kind, filters: tree.parts.map((part) => asked(part, document)) };
    case "element":
      differ("one element meets all");
      return someElement(document, asked(tree.part, {}));
    case "pr":
      return { op: "pr", attrPath: tree.path };
    default:
      return askedComparison(tree, document);
  }
}
const holds = { op: "pr", attrPath: "id" };
const someElement = (document, filter) =>
  (document.emails ?? []).some(parseFilter.filter(filter)) ? holds : { op: "not", filter: holds };

function askedComparison({ path, op, value }, document) {
  if (path === "emails" && value !== null) {
    differ("list means its value");
    path = "emails.value";
  }
  if (path === "active" && typeof value === "string") {
    differ("booleans as texts");
    value = value === "True";
  }
  if (typeof value === "string" && !exact.has(path)) {
    if (value !== fold(value)) differ("letter case");
    value = fold(value);
  }
  const present = { op: "pr", attrPath: path };
  if (value === null) {
    differ("null is absent");
    return op === "eq" ? absentFrom(path, document) : present;
  }
  const comparison = { op, attrPath: path, compValue: value };
  if (op !== "ne") return comparison;
  differ("absent is unequal");
  return { op: "or", filters: [comparison, absentFrom(path, document)] };
}
// That the attribute is absent; of a list, that it is absent or its part from some element.
function absentFrom(path, document) {
  const absent = { op: "not", filter: { op: "pr", attrPath: path } };
  if (!path.startsWith("emails.") || !document.emails) return absent;
  return someElement(document, { op: "not", filter: { op: "pr", attrPath: path.slice("emails.".length) } });
}

// ASCII, as columns and comparisons fold.
const fold = (text) => text.replace(/[A-Z]/g, (c) => c.toLowerCase());
const folded = (value, path = "") => {
  if (typeof value === "string") return exact.has(path) ? value : fold(value);
  if (Array.isArray(value)) return value.map((each) => folded(each, path));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, folded(each, name)]));
};

function filterCase() {
  const tree = filterTree(3, false);
  const document = user();
  const filter = written(tree);
  const test = parseFilter.filter(asked(tree, folded(document)));
  return {
    request: { type: "User", document, filter },
    expected: { matches: test(folded(document)) },
    answer: ({ matches, error }) => (error ? { error } : { matches }),
  };
}

// scimmy joins comparisons of one attribute and knows no letter case: plain ones of several attributes.
function scimmyFilterCase() {
  const document = folded(user());
  const names = ["userName", "title", "displayName", "externalId"].filter((name) => document[name] !== undefined);
  const used = names.sort(() => random() - 0.5).slice(0, 1 + below(3));
  const plain = (w) => !/["\\]/.test(w);
  document.userName = document.userName.replace(/["\\]/g, "");
  const terms = used.map((name) => `${name} ${pick(operators)} "${fold(pick(words.filter(plain)))}"`);
  const filter = terms.join(chance(0.5) ? " and " : " or ");
  return {
    request: { type: "User", document, filter },
    expected: { matches: new SCIMMY.Types.Filter(filter).match([document]).length === 1 },
    answer: ({ matches, error }) => (error ? { error } : { matches }),
  };
}

// ---- PATCH

const quoted = (text) => JSON.stringify(text);
const safe = words.filter((w) => !/["\\.\[\]]/.test(w));

// What is empty is not kept; the order of members says nothing.
function kept(value) {
  if (Array.isArray(value)) return value.map(kept).filter((each) => each !== undefined);
  if (value === null || typeof value !== "object") return value;
  const made = {};
  for (const [name, each] of Object.entries(value)) {
    const part = kept(each);
    const empty = part === undefined || part === null || (typeof part === "object" && Object.keys(part).length === 0);
    if (!empty) made[name] = part;
  }
  return Object.keys(made).length === 0 ? undefined : made;
}
function settled(document) {
  const made = kept(document);
  made.schemas = made[enterprise] ? [core, enterprise] : [core];
  return made;
}
const opCase = (op) => pick([op, op[0].toUpperCase() + op.slice(1)]);

// Operations whose meaning is the same for everybody: the document they are for decides which.
function operation(document) {
  const simple = pick(["title", "displayName", "nickName", "name.givenName", "name.familyName", `${enterprise}:department`,
    `${enterprise}:division`, `${core}:title`]);
  const list = pick(["emails", "phoneNumbers"]);
  const held = document[list] ?? [];
  const used = new Set(held.map((each) => (each.value ?? "").toLowerCase()));
  const addable = words.some((w) => !used.has(w.toLowerCase()));
  switch (below(10)) {
    case 0:
    case 1:
      return { op: opCase(pick(["add", "replace"])), path: simple, value: pick(words) };
    case 2:
      return { op: opCase("remove"), path: simple };
    case 3:
      return { op: opCase("replace"), path: list, value: elements(3) };
    case 4:
      if (!addable) return { op: "remove", path: list };
      return { op: opCase("add"), path: list, value: chance(0.2) && held.length ? [copy(pick(held))] : [element(used)] };
    case 5:
      return { op: opCase(pick(["add", "replace"])), path: `${list}[type eq ${quoted(pick(types))}].${pick(["value", "display"])}`, value: pick(safe) };
    case 6:
      return { op: opCase("remove"), path: `${list}[${pick(["type", "value"])} eq ${quoted(fold(pick([...types, ...safe])))}]` };
    case 7:
      return { op: opCase("remove"), path: `${list}[type eq ${quoted(pick(types))}].display` };
    case 8:
      return { op: opCase(pick(["add", "replace"])),
        value: { title: pick(words), [`${enterprise}:department`]: pick(words), "name.givenName": pick(words) } };
    default:
      return { op: opCase(pick(["add", "replace"])), path: "active", value: chance(0.5) };
  }
}

// The operations in words that mean our decisions to scim-patch, on the document as it is by then.
function put(document, op) {
  const filter = /^(\w+)\[(.+)\](?:\.(\w+))?$/.exec(op.path ?? "");
  const verb = op.op.toLowerCase();
  if (verb === "remove" && (filter ? !document[filter[1]] : false)) {
    differ("no match changes nothing");
    return [];
  }
  if (verb === "remove" && filter && filter[3]) {
    const [, list, condition] = filter;
    if (!document[list].some(parseFilter.filter(parseFilter.parse(condition)))) {
      differ("no match changes nothing");
      return [];
    }
  }
  if (verb === "remove" && Array.isArray(op.value)) {
    differ("listed by their value");
    return op.value.map(({ value }) => ({ op: "remove", path: `${op.path}[value eq ${quoted(value)}]` }));
  }
  if (verb !== "remove" && filter && / and /.test(filter[2])) {
    const [, list, condition, part] = filter;
    const meets = parseFilter.filter(parseFilter.parse(condition));
    if (!(document[list] ?? []).some(meets)) {
      differ("conjunction makes an element");
      const made = Object.fromEntries(condition.split(" and ").map((term) => {
        const [name, , value] = term.split(" ");
        return [name, JSON.parse(value)];
      }));
      return [{ op: "add", path: list, value: [{ ...made, [part]: op.value }] }];
    }
  }
  return [op];
}
// After the operation: what it made primary is the only primary one.
function onePrimary(before, after) {
  for (const list of ["emails", "phoneNumbers"]) {
    const primaries = (after[list] ?? []).filter((each) => each.primary === true);
    if (primaries.length < 2) continue;
    differ("one primary");
    const values = new Set((before[list] ?? []).filter((each) => each.primary).map((each) => each.value));
    for (const each of primaries) if (values.has(each.value)) each.primary = false;
  }
  return after;
}

function operationOfOurs(document) {
  const held = document.emails ?? [];
  switch (below(4)) {
    case 0: {
      const used = new Set(held.map((each) => (each.value ?? "").toLowerCase()));
      if (!words.some((w) => !used.has(w.toLowerCase()))) return operation(document);
      return { op: "add", path: "emails", value: [{ ...element(used), primary: true }] };
    }
    case 1:
      return { op: pick(["add", "replace"]), path: `emails[type eq ${quoted(pick(types))} and display eq ${quoted(pick(["a", "ab"]))}].value`, value: pick(safe) };
    case 2: {
      if (!held.length || !safe.includes(pick(held).value)) return operation(document);
      const listed = held.filter((each) => safe.includes(each.value));
      return { op: "Remove", path: "emails", value: [{ $ref: null, value: pick(listed).value }] };
    }
    default:
      return operation(document);
  }
}

function patchCase() {
  const before = settled(folded(user()));
  let document = copy(before);
  const operations = [];
  for (let i = 1 + below(3); i > 0; --i) {
    const op = chance(0.3) ? operationOfOurs(document) : operation(document);
    const lower = { ...op, ...(op.value === undefined ? {} : { value: folded(op.value) }) };
    const previous = copy(document);
    for (const each of put(document, lower)) {
      document = settled(scimPatch(copy(document), [copy(each)], { mutateDocument: true, treatMissingAsAdd: true }));
    }
    document = onePrimary(previous, document);
    operations.push(lower);
  }
  return {
    request: { type: "User", document: before, operations },
    expected: { document, changed: !isDeepStrictEqual(before, document) },
    answer: ({ document: made, changed, error, detail }) => (error ? { error, detail } : { document: made, changed }),
  };
}

function groupOperation(document) {
  const ids = ["u1", "u2", "u3", "u4", "g5"];
  const members = () => ids.filter(() => chance(0.4)).map((value) => ({ value }));
  const listed = members();
  switch (below(7)) {
    case 0:
    case 1:
      return { op: opCase("add"), path: "members", value: listed.length ? listed : [{ value: "u1" }] };
    case 2:
      return { op: opCase("replace"), path: "members", value: members() };
    case 3:
      return { op: opCase("remove"), path: `members[value eq ${quoted(pick(ids))}]` };
    case 4:
      if (!document.members || !listed.length) return { op: "remove", path: "members" };
      return { op: opCase("remove"), path: "members", value: listed };
    case 5:
      return { op: opCase("replace"), value: { displayName: pick(words), externalId: pick(words) } };
    default:
      return { op: opCase(pick(["add", "replace"])), path: "displayName", value: pick(words) };
  }
}

function groupCase() {
  const urn = "urn:ietf:params:scim:schemas:core:2.0:Group";
  const grouped = (document) => ({ ...kept(document), schemas: [urn] });
  const before = grouped({ id: "g1", displayName: pick(words), members: chance(0.7) ? [{ value: "u1" }, { value: "u3" }] : [] });
  let document = copy(before);
  const operations = [];
  for (let i = 1 + below(4); i > 0; --i) {
    const op = groupOperation(document);
    const [first] = /\[/.test(op.path ?? "") ? put(document, op) : [op];
    if (first) document = grouped(scimPatch(copy(document), [copy(first)], { mutateDocument: true, treatMissingAsAdd: true }));
    operations.push(op);
  }
  return {
    request: { type: "Group", document: before, operations },
    expected: { document, changed: !isDeepStrictEqual(before, document) },
    answer: ({ document: made, changed, error, detail }) => (error ? { error, detail } : { document: made, changed }),
  };
}

// scimmy replaces by removing and adding, and appends what is there already: adding and removing what is not
// ambiguous, by its schema of users.
async function scimmyPatchCase() {
  const before = settled(folded(user()));
  delete before[enterprise];
  before.schemas = [core];
  const held = before.emails ?? [];
  const used = new Set(held.map((each) => each.value));
  const addable = words.some((w) => !used.has(w.toLowerCase()));
  const operations = [pick([
    { op: "add", path: "title", value: pick(safe) },
    { op: "replace", path: "userName", value: pick(safe) },
    { op: "remove", path: "displayName" },
    { op: "add", path: "name", value: { givenName: pick(safe), middleName: pick(safe) } },
    { op: "replace", value: { displayName: pick(safe), active: chance(0.5) } },
    ...(addable ? [{ op: "add", path: "emails", value: [folded(element(used))] }] : []),
    ...(held.length ? [{ op: "remove", path: "emails" }, { op: "remove", path: "emails[type eq \"work\"]" }] : []),
  ])];
  const source = new SCIMMY.Schemas.User(copy(before));
  const patched = (await new SCIMMY.Messages.PatchOp({
    schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations: copy(operations),
  }).apply(source)) ?? source;
  const document = settled(JSON.parse(JSON.stringify(patched)));
  delete document.meta;
  return {
    request: { type: "User", document: before, operations },
    expected: { document },
    answer: ({ document: made, error, detail }) => (error ? { error, detail } : { document: made }),
  };
}

// ---- the run

const child = spawn(engine, { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const ask = async (request) => {
  child.stdin.write(`${JSON.stringify(request)}\n`);
  const { value, done } = await lines.next();
  if (done) throw new Error("scim_engine ended");
  return JSON.parse(value);
};

let passed = 0;
let failed = 0;
for (const make of [filterCase, scimmyFilterCase, patchCase, groupCase, scimmyPatchCase]) {
  let unequal = 0;
  for (let i = 0; i < cases; ++i) {
    const { request, expected, answer } = await make();
    const given = answer(await ask(request));
    if (isDeepStrictEqual(given, expected) || ++unequal > 5) continue;
    console.log(`${make.name} ${JSON.stringify(request)}\n  here:  ${JSON.stringify(given)}\n  there: ${JSON.stringify(expected)}`);
  }
  console.log(`${make.name}: ${cases} comparisons, ${unequal} unequal`);
  unequal === 0 ? ++passed : ++failed;
}
for (const name of Object.keys(differences)) {
  if (seen.has(name)) {
    ++passed;
  } else {
    ++failed;
    console.log(`the difference "${name}" never came up`);
  }
}
child.stdin.end();
console.log(`${passed} ${failed}`);
process.exitCode = failed === 0 ? 0 : 1;
