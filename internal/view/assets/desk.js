// Small comforts of the Admin pages. Every page works without them; they are bound by data attributes and by element.
// Markup from the server is taken over as a parsed document, never as text.

const all = (selector, root = document) => root.querySelectorAll(selector);

// Menus close when one clicks elsewhere or presses Escape.
function closeMenus(except) {
  for (const menu of all("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}
document.addEventListener("click", (e) => closeMenus(e.target.closest?.("details.menu")));
document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  closeMenus();
  open?.querySelector("summary").focus();
});

// The page asks for another one of ours and gets it as a document.
function load(method, url, body) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.responseType = "document";
    request.setRequestHeader("Accept", "text/html");
    if (body) request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error("no answer"));
    request.send(body);
  });
}

// The box in the head ticks all rows of the page; the bar says how many are ticked.
function bindBulk(form) {
  // form.id is not the attribute: the boxes are called "id", and so shadow it.
  const boxes = [...all(`input[type="checkbox"][form="${form.getAttribute("id")}"]`)];
  const head = document.querySelector("[data-tick-all]");
  const words = form.querySelector("[data-bulk-count]");
  const button = form.querySelector("button");
  const show = () => {
    const n = boxes.filter((b) => b.checked).length;
    words.textContent = n === 0 ? "for the ticked rows" : n === 1 ? "for 1 ticked row" : `for ${n} ticked rows`;
    button.disabled = n === 0;
    head.checked = n > 0 && n === boxes.length;
    head.indeterminate = n > 0 && n < boxes.length;
  };
  head.hidden = false;
  head.addEventListener("change", () => {
    for (const b of boxes) b.checked = head.checked;
    show();
  });
  for (const b of boxes) b.addEventListener("change", show);
  show();
}

// What Save will do is asked for again whenever the form changes; only the newest answer counts.
function bindPreview(form) {
  const button = form.querySelector("[data-preview-button]");
  if (!button) return;
  button.hidden = true;
  let turn = 0;
  let timer = 0;
  const refresh = async () => {
    const mine = ++turn;
    const box = document.getElementById("preview");
    box.setAttribute("aria-busy", "true");
    try {
      const answer = await load("POST", form.dataset.preview, new URLSearchParams(new FormData(form)));
      const fresh = answer.response?.getElementById("preview");
      if (mine !== turn) return;
      if (!fresh) throw new Error("no preview");
      box.replaceChildren(...fresh.childNodes);
      for (const note of all("[data-fresh]", form)) { // where a code would go, and what a method still needs
        const now = answer.response.getElementById(note.id);
        if (now) note.replaceChildren(...now.childNodes);
      }
      const save = answer.response.querySelector("[data-save]");
      if (save) form.querySelector("[data-save]").textContent = save.textContent;
    } catch {
      button.hidden = false; // ask for it by hand
    } finally {
      if (mine === turn) box.removeAttribute("aria-busy");
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, 350);
  };
  form.addEventListener("input", soon);
}

// A part of the page that is still under way is asked for again, until it is not any more.
function poll(part) {
  const again = async () => {
    let next = part;
    try {
      const answer = await load("GET", location.href);
      next = answer.response?.getElementById(part.id);
      if (!next) return location.reload();
      part.replaceWith(next);
    } catch {
      // the next round may get through
    }
    if (next.dataset.poll) poll(next);
  };
  setTimeout(again, Number(part.dataset.poll) * 1000);
}

for (const form of all("form[data-bulk]")) bindBulk(form);
for (const form of all("form[data-preview]")) bindPreview(form);
for (const part of all("[data-poll]")) poll(part);
for (const button of all("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.textContent = "Copied";
  });
}
document.querySelector("[data-focus]")?.focus();

// A page out of the browser's memory may no longer hold: a Save may have ended its session meanwhile. It is asked for, not
// loaded again, which would send once more what had been sent to it.
addEventListener("pageshow", (e) => {
  if (e.persisted) location.replace(location.origin + location.pathname + location.search); // a path may begin with two slashes
});
