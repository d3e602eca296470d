// A form is sent once. A double click would send it twice: the browser drops the answer to the first, and with it the
// cookie or the code that it brought, while the second is told that the sign-in is over or that somebody else saved.
const patience = 5000; // where no answer has come by then, it may be sent again
let sent = new WeakSet();

addEventListener("submit", (e) => {
  const form = e.target;
  if (e.defaultPrevented || form.method === "dialog") return;
  if (sent.has(form)) {
    e.preventDefault();
    return;
  }
  sent.add(form);
  setTimeout(() => sent.delete(form), patience);
});

// A page out of the browser's memory begins anew.
addEventListener("pageshow", (e) => {
  if (e.persisted) sent = new WeakSet();
});
