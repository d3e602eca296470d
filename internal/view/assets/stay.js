// Says a minute before a session ends for want of use, and lets it go on with one key; says also when its time is nearly
// over for good, and when it is. What is typed on the page stays. All tabs of a browser tell each other of uses; of those
// by portals behind the door no page knows.
const box = document.querySelector("dialog[data-stay]");
const ahead = 60_000;
const key = "sallyport-used";
const idle = Number(box.dataset.idle) * 1000;
const end = Date.now() + Number(box.dataset.left) * 1000;
const warn = Math.min(ahead, idle / 2);
let mine = 0, state = "", closed = "", gone = false;

function note() {
  mine = Date.now();
  try { localStorage.setItem(key, String(mine)); } catch { /* this tab knows of its own uses alone */ }
}

function used() {
  let other = 0;
  try { other = Number(localStorage.getItem(key)) || 0; } catch { /* as above */ }
  return Math.max(mine, Math.min(other, Date.now()));
}

function look() {
  const byUse = used() + idle - Date.now(), byAge = end - Date.now();
  const left = Math.min(byUse, byAge);
  state = gone || byAge <= 0 ? "gone" : left <= 0 ? "over" : left > warn ? "" : byAge < byUse ? "age" : "idle";
  if (state === "") closed = "";
  for (const part of box.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(state);
  box.querySelector("[data-seconds]").textContent = `${Math.max(0, Math.ceil(left / 1000))} s`;
  const show = state !== "" && state !== closed;
  if (show && !box.open) box.showModal();
  if (!show && box.open) box.close();
}

box.addEventListener("close", () => { closed = state; });

box.querySelector("[data-go-on]").addEventListener("click", async () => {
  const failed = box.querySelector("[data-failed]");
  failed.hidden = true;
  const status = await fetch("/session", { cache: "no-store" }).then((answer) => answer.status, () => 0);
  if (status === 204) note();
  else if (status === 401) gone = true;
  else failed.hidden = false;
  look();
});

note();
look();
setInterval(look, 500);
