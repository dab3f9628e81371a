// A button beside a password shows what was typed, and hides it again before it is sent.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const word = button.firstChild;
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    word.data = shown ? button.dataset.hide : button.dataset.show;
  };
  button.hidden = false;
  button.addEventListener("click", () => { show(field.type === "password"); field.focus(); });
  field.form.addEventListener("submit", () => show(false));
}
