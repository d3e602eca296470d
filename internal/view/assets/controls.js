// Small helpers on buttons that stay hidden where there is no script: copy, print, show a password.
for (const b of document.querySelectorAll("[data-copy], [data-print], [data-show]")) b.hidden = false;

document.addEventListener("click", async (e) => {
  const b = e.target.closest?.("[data-copy], [data-print], [data-show]");
  if (!b) return;
  if ("print" in b.dataset) window.print();
  if ("show" in b.dataset) toggle(b);
  if ("copy" in b.dataset) await copy(b);
});

function toggle(b) {
  const field = document.getElementById(b.dataset.show);
  const shown = field.type === "text";
  field.type = shown ? "password" : "text";
  b.setAttribute("aria-pressed", String(!shown));
  b.textContent = shown ? "Show" : "Hide";
  field.focus();
}

async function copy(b) {
  const said = b.dataset.said ??= b.textContent; // pressed again, it says "Copied" still
  try {
    await navigator.clipboard.writeText(b.dataset.copy);
    b.textContent = "Copied";
  } catch {
    b.textContent = "Please select and copy by hand";
  }
  setTimeout(() => { b.textContent = said; }, 2500);
}
