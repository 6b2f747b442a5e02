// As much of a browser as the page uses, in memory, so that its parts can be tested by node alone:
// elements without layout, a server that the test plays, events that the test sends.

// ---- elements ----

class Element {
  constructor(tag) {
    this.tagName = tag;
    this.attributes = new Map();
    this.childNodes = [];
    this.listeners = {};
    this.style = {};
    this.parent = null;
    this.clientWidth = 400;
    this.scrollTop = this.scrollHeight = this.clientHeight = 0;
  }

  // Text is kept as it came: nothing here could take it for markup.
  append(...items) {
    for (const item of items) {
      if (item instanceof Element) {
        item.remove();
        item.parent = this;
      }
      this.childNodes.push(item instanceof Element ? item : String(item));
    }
  }
  prepend(...items) {
    const kept = this.childNodes;
    this.childNodes = [];
    this.append(...items);
    this.childNodes.push(...kept);
  }
  replaceChildren(...items) {
    for (const child of this.children) child.parent = null;
    this.childNodes = [];
    this.append(...items);
  }
  remove() {
    if (this.parent === null) return;
    this.parent.childNodes = this.parent.childNodes.filter((child) => child !== this);
    this.parent = null;
  }
  get children() { return this.childNodes.filter((child) => child instanceof Element); }
  get childElementCount() { return this.children.length; }
  get firstElementChild() { return this.children[0] ?? null; }
  get textContent() {
    return this.childNodes.map((child) => child instanceof Element ? child.textContent : child).join("");
  }
  set textContent(text) { this.replaceChildren(...(text === "" ? [] : [text])); }

  setAttribute(name, value) {
    this.attributes.set(name, String(value));
    if (name === "value") this.value = String(value);
  }
  getAttribute(name) { return this.attributes.get(name) ?? null; }
  get dataset() {
    return new Proxy({}, {
      get: (_, name) => this.attributes.get(`data-${name}`),
      set: (_, name, value) => { this.setAttribute(`data-${name}`, value); return true; },
    });
  }
  get value() {
    if (this.current !== undefined) return this.current;
    return this.tagName === "select" ? this.children[0]?.getAttribute("value") ?? "" : "";
  }
  set value(text) { this.current = String(text); }

  // This one and all below it.
  *all() {
    yield this;
    for (const child of this.children) yield* child.all();
  }
  // "tag", ".class", "#id" or "[name=value]", one of them.
  querySelectorAll(selector) {
    const [, mark, name, value] = /^([.#[]?)([\w-]+)(?:="?([\w-]+)"?\])?$/.exec(selector);
    const fits = {
      "": (one) => one.tagName === name,
      ".": (one) => (one.getAttribute("class") ?? "").split(" ").includes(name),
      "#": (one) => one.getAttribute("id") === name,
      "[": (one) => one.getAttribute(name) === value,
    }[mark];
    return [...this.all()].filter((one) => one !== this && fits(one));
  }
  querySelector(selector) { return this.querySelectorAll(selector)[0] ?? null; }

  addEventListener(name, listener) { (this.listeners[name] ??= []).push(listener); }
  // What a person does to it. Resolves when all that listened is done.
  async dispatch(name, more = {}) {
    const event = {target: this, preventDefault() {}, ...more};
    await Promise.all((this.listeners[name] ?? []).map((listener) => listener(event)));
    await this[`on${name}`]?.(event);
  }
  async click() { if (!this.disabled) await this.dispatch("click"); }
  focus() { document.activeElement = this; }
  getBoundingClientRect() { return {left: 0, top: 0}; }
}

for (const name of ["hidden", "disabled", "checked", "open"]) {
  Object.defineProperty(Element.prototype, name, {
    get() { return this.attributes.has(name); },
    set(on) { if (on) this.attributes.set(name, ""); else this.attributes.delete(name); },
  });
}
for (const [name, attribute] of [["className", "class"], ["id", "id"], ["title", "title"], ["name", "name"]]) {
  Object.defineProperty(Element.prototype, name, {
    get() { return this.getAttribute(attribute) ?? ""; },
    set(text) { this.setAttribute(attribute, text); },
  });
}
Object.defineProperty(Element.prototype, "tabIndex", {
  get() { return Number(this.getAttribute("tabindex") ?? 0); },
  set(index) { this.setAttribute("tabindex", index); },
});

const EMPTY = new Set(["meta", "link", "input", "br"]);

// Reads index.html, which is written with care: every tag closed, every value quoted.
export function parse(html) {
  const root = new Element("html");
  const open = [root];
  for (const [, end, tag, attributes, text] of html.matchAll(/<(\/?)([\w!-]+)([^>]*)>|([^<]+)/g)) {
    if (text !== undefined) {
      if (text.trim() !== "") open.at(-1).append(text);
    } else if (end === "/") {
      const closed = open.pop();
      if (closed.tagName !== tag && tag !== "html") throw new Error(`</${tag}> closes <${closed.tagName}>`);
    } else if (tag !== "html" && !tag.startsWith("!")) {
      const element = new Element(tag);
      for (const [, name, value] of attributes.matchAll(/([\w-]+)(?:="([^"]*)")?/g)) element.setAttribute(name, value ?? "");
      open.at(-1).append(element);
      if (!EMPTY.has(tag)) open.push(element);
    }
  }
  return root;
}

// ---- the rest of a browser ----

class Store {
  constructor() { this.items = new Map(); }
  getItem(name) { return this.items.get(name) ?? null; }
  setItem(name, value) { this.items.set(name, String(value)); }
}

export class FakeEvents {
  static CLOSED = 2;
  static opened = [];
  constructor(url) {
    this.url = url;
    this.readyState = 1;
    this.listeners = {};
    FakeEvents.opened.push(this);
  }
  addEventListener(name, listener) { this.listeners[name] = listener; }
  send(name, data) { this.listeners[name]({data: JSON.stringify(data)}); }
  close() { this.readyState = FakeEvents.CLOSED; }
}

// What was asked, and what the server says to a path: an object, an Error (no connection), or
// {status, body}.
export const asked = [];
export const server = {answer: () => ({status: 404, body: {detail: "nothing here"}})};

async function fakeFetch(path, options = {}) {
  asked.push({path, method: options.method ?? "GET", headers: options.headers ?? {},
    body: options.body === undefined ? undefined : JSON.parse(options.body)});
  const answer = await server.answer(path, asked.at(-1));
  if (answer instanceof Error) throw answer;
  const {status, body} = answer.status === undefined || answer.body === undefined ? {status: 200, body: answer} : answer;
  return {ok: status < 300, status, json: async () => {
    if (typeof body === "string") throw new SyntaxError("no JSON");
    return body;
  }};
}

// Puts it where the page looks for it. `address`: as a person opened it.
export function open(html, address = "http://127.0.0.1:8124/") {
  const root = parse(html);
  const url = new URL(address);
  const listeners = {};
  Object.assign(globalThis, {
    document: {
      documentElement: root, hidden: false, title: "", activeElement: null,
      getElementById: (id) => root.querySelector(`#${id}`),
      getElementsByName: (name) => root.querySelectorAll(`[name=${name}]`),
      querySelectorAll: (selector) => root.querySelectorAll(selector),
      createElement: (tag) => new Element(tag),
      createElementNS: (_, tag) => new Element(tag),
      addEventListener: (name, listener) => { listeners[name] = listener; },
      dispatch: (name) => listeners[name]?.(),
    },
    location: {hash: url.hash, pathname: url.pathname},
    history: {replaceState: (state, title, path) => { globalThis.location.hash = ""; globalThis.location.pathname = path; }},
    sessionStorage: new Store(), localStorage: new Store(),
    matchMedia: () => ({matches: false}),
    ResizeObserver: class { observe() {} },
    EventSource: FakeEvents,
    fetch: fakeFetch,
  });
  return root;
}

// Lets all that waits for an answer go on.
export async function settle() {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
