// What a sign-in page does by itself: put the focus on what was refused, ask what became of a message, and never show a
// page out of the browser's memory that no longer holds: it is asked for, not loaded again, which would send once more what
// had been sent to it.
document.querySelector("[data-focus]")?.focus();

addEventListener("pageshow", (e) => {
  if (e.persisted) location.replace(location.origin + location.pathname + location.search); // a path may begin with two slashes
});

// A password typed into a page that was left is gone.
addEventListener("pagehide", () => {
  for (const field of document.querySelectorAll("input[type=password]")) field.value = "";
});

const state = document.querySelector("[data-poll]");
if (state) poll(state, 0);

async function poll(element, round) {
  if (round > 25) return;
  await new Promise((done) => setTimeout(done, round < 5 ? 700 : 1500));
  let answer;
  try {
    const response = await fetch(element.dataset.poll, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!response.ok) return;
    answer = await response.json();
  } catch {
    return poll(element, round + 1);
  }
  if (answer.state === "sending") return poll(element, round + 1);
  if (answer.state === "failed") return location.replace(element.dataset.page);
  element.textContent = answer.message;
  document.querySelector("[data-check]")?.remove();
}
