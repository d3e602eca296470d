// Keeps the workbench up to date without a reload: asks for the page as soon as something is newer, and puts the parts
// marked data-live in place. Everything works without it, by a reload every few seconds.

let version = document.body.dataset.version;

async function fresh() {
  const answer = await fetch(`/?after=${version}`, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`the workbench answered ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  version = page.body.dataset.version;
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = page.querySelector(`[data-live="${part.dataset.live}"]`);
    if (next && next.innerHTML !== part.dataset.shown) {
      keepOpen(part, next);
      part.dataset.shown = next.innerHTML;
      const focused = part.contains(document.activeElement) ? name(document.activeElement) : "";
      part.replaceChildren(...next.childNodes);
      if (focused) [...part.querySelectorAll("a, button, summary")].find((e) => name(e) === focused)?.focus();
    }
  }
}

// The focus stays on the same thing when its part is put in place anew.
const name = (element) => element.getAttribute("aria-label") ?? element.textContent;

// What somebody has folded stays folded.
function keepOpen(part, next) {
  const folded = new Set([...part.querySelectorAll("details:not([open]) summary")].map((s) => s.textContent));
  for (const summary of next.querySelectorAll("details[open] summary")) {
    if (folded.has(summary.textContent)) summary.parentElement.removeAttribute("open");
  }
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function follow() {
  for (;;) {
    try {
      await fresh();
      await pause(40);
    } catch {
      await pause(1000); // stopped or started anew
    }
  }
}

// A picture of the QR code can be pasted anywhere on the page.
document.addEventListener("paste", (event) => {
  const picture = [...event.clipboardData.files].find((f) => f.type === "image/png" || f.type === "image/jpeg");
  if (!picture) return;
  event.preventDefault();
  const field = document.querySelector("#picture");
  const carrier = new DataTransfer();
  carrier.items.add(picture);
  field.files = carrier.files;
  field.form.submit();
});

document.querySelector("#picture").addEventListener("change", (event) => {
  if (event.target.files.length > 0) event.target.form.submit();
});

follow();
