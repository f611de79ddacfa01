// Tasks and drafts: what makes the forms, which work without it, more pleasant. A button is pressed once; a draft says
// what was changed and not saved; what has been done is read out and not said again when the page is loaded anew.

const notice = document.getElementById("notice");
if (notice) {
  notice.focus({ preventScroll: true });
  const address = new URL(location.href);
  for (const name of ["told", "changed", "case"]) address.searchParams.delete(name);
  if (address.href !== location.href) history.replaceState(null, "", address);
}

// A form is sent once; coming back to the page with the browser's button makes it usable again.
let sent = false;
document.addEventListener("submit", (event) => {
  if (sent) return event.preventDefault();
  sent = true;
  const pressed = event.submitter;
  setTimeout(() => pressed?.setAttribute("aria-disabled", "true"));
  setTimeout(again, 8_000); // the server did not answer, or somebody stopped waiting
});
function again() {
  sent = false;
  for (const button of document.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
}
window.addEventListener("pageshow", (event) => event.persisted && again());

// A folded step that is opened is written in at once.
for (const fold of document.querySelectorAll("details.fold")) {
  fold.addEventListener("toggle", () => {
    if (fold.open) fold.querySelector("textarea, select, input:not([type=hidden])")?.focus({ preventScroll: true });
  });
}

const draft = document.getElementById("draft-form");
if (draft) {
  const unsaved = document.getElementById("unsaved");
  const fields = [...draft.querySelectorAll(".field[name]")];
  const value = (field) => field.value.trim();
  // What is stored: the page says so where a form came back unsaved; else what the fields hold at first.
  const stored = new Map(fields.map((field) => [field, field.dataset.stored ?? value(field)]));

  const mark = () => {
    let changes = 0;
    for (const field of fields) {
      const differs = value(field) !== stored.get(field);
      const line = field.closest(".line");
      line.classList.toggle("is-changed", differs);
      if (differs) line.firstElementChild.dataset.mark = draft.dataset.changed;
      changes += differs;
    }
    if (unsaved) {
      unsaved.hidden = changes === 0;
      unsaved.textContent = unsaved.dataset.said.replace("{n}", changes);
    }
    return changes;
  };
  draft.addEventListener("input", mark);
  window.addEventListener("beforeunload", (event) => {
    if (!sent && mark() > 0) event.preventDefault();
  });
  mark();
}
