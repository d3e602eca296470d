// Times in the reader's own zone, and countdowns that are seen but not read out each second. Without this script the
// page shows the same times in UTC.
const styles = {
  minute: { hour: "2-digit", minute: "2-digit" },
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  day: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
};

for (const t of document.querySelectorAll("time[data-clock]")) {
  const at = new Date(t.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  t.title = t.textContent;
  t.textContent = at.toLocaleString([], styles[t.dataset.clock] ?? styles.minute);
}

// data-countdown holds the end and data-now the server's time when the page was made, so that a wrong clock here does
// not matter. When it is over, the element named by data-over appears and the one named by data-gone goes.
for (const c of document.querySelectorAll("[data-countdown]")) {
  const left = Date.parse(c.dataset.countdown) - Date.parse(c.dataset.now);
  const end = performance.now() + left;
  const show = () => {
    const seconds = Math.ceil((end - performance.now()) / 1000);
    if (seconds <= 0) {
      c.hidden = true;
      over(c);
      return;
    }
    c.hidden = false;
    c.textContent = words(seconds, c.dataset.form);
    setTimeout(show, 250);
  };
  if (left > 0) show();
}

function words(seconds, form) {
  const text = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`;
  return form === "left" ? `${text} left` : `(in ${text})`;
}

function over(c) {
  for (const [name, hidden] of [["over", false], ["gone", true]]) {
    const other = c.dataset[name] && document.getElementById(c.dataset[name]);
    if (other) other.hidden = hidden;
  }
}
