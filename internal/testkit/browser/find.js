// Finds one element of the page by the words on it, as a person would, or by a CSS selector.
// find(kind, what, scope): kind "click" (buttons, links, labels), "field" (by label) or "any" (selector only).
// Answers {x, y, tag, type} of the middle of the element, or {error}.
(kind, what, scope) => {
  const plain = (s) => (s || "").replace(/\s+/g, " ").trim();
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const select = (root, css) => { try { return [...root.querySelectorAll(css)]; } catch { return []; } };
  const words = (e) => plain(e.innerText || e.value || "");

  let root = document.querySelector("dialog[open]") || document;
  if (scope) {
    root = select(document, scope.selector).find((e) => seen(e) && plain(e.innerText).includes(plain(scope.text)));
    if (!root) return { error: `nothing matches ${scope.selector} with "${scope.text}"` };
  }
  const named = (e) => [plain(e.getAttribute("aria-label")), ...(e.labels ? [...e.labels].map(words) : [])];
  const clickable = "button, a[href], summary, label, input[type=submit], input[type=button], [role=button], [role=tab], [role=menuitem], [role=option]";
  const fields = "input:not([type=hidden]), textarea, select";

  const rounds = kind === "any" ? [() => select(root, what)] : [
    (e) => kind === "click" ? words(e) === what || plain(e.getAttribute("aria-label")) === what : named(e).includes(what),
    () => select(root, what),
    (e) => (kind === "click" ? [words(e)] : named(e)).some((n) => n.startsWith(what)),
    (e) => (kind === "click" ? [words(e)] : named(e)).some((n) => n.includes(what)),
  ];
  what = plain(what);
  let found = [];
  for (const round of rounds) {
    found = round.length === 0 ? round() : select(root, kind === "click" ? clickable : fields).filter(round);
    found = found.filter((e) => seen(e) || e.type === "file");
    if (found.length) break;
  }
  // A label and the button inside it, or a link within a label, are one thing: the innermost counts.
  found = found.filter((e) => !found.some((other) => other !== e && e.contains(other)));
  if (found.length === 0) return { error: `nothing to ${kind} called "${what}"` };
  if (found.length > 1 && kind !== "any") return { error: `${found.length} things to ${kind} called "${what}"` };

  const element = found[0];
  window.__found = element;
  if (element.disabled) return { error: `"${what}" is disabled` };
  element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
  const box = element.getClientRects()[0] || { x: 0, y: 0, width: 0, height: 0 };
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  const hit = document.elementFromPoint(x, y);
  const reachable = hit && (element.contains(hit) || hit.contains(element) || (element.labels && [...element.labels].some((l) => l.contains(hit))));
  if (!reachable && element.type !== "file") return { error: `"${what}" is covered by <${hit ? hit.tagName.toLowerCase() : "nothing"}>` };
  return { x, y, tag: element.tagName.toLowerCase(), type: element.type || "" };
}
