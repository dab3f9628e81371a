// While a new password is typed, a sentence below it says whether it is strong enough, and why not. The server judges.
const PAUSE = 250;

for (const field of document.querySelectorAll("[data-strength]")) {
  const said = document.getElementById(`${field.id}-strength`);
  let waiting = 0;
  let asked = new AbortController();

  const tell = (score, why) => {
    said.dataset.score = score;
    for (const sentence of said.querySelectorAll("[data-why]")) sentence.hidden = sentence.dataset.why !== why;
  };

  const ask = async () => {
    asked.abort();
    asked = new AbortController();
    const own = Object.fromEntries(["account", "name"].map((name) => [name, field.form.elements[name]?.value ?? ""]));
    try {
      const answer = await fetch(field.dataset.strength, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ password: field.value, link: field.dataset.link, ...own }),
        signal: asked.signal,
      });
      const { score, why } = await answer.json();
      tell(answer.ok ? score : "", answer.ok ? why : "");
    } catch (error) {
      if (error.name !== "AbortError") tell("", ""); // saving will say what is wrong
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    if (field.value) waiting = setTimeout(ask, PAUSE);
    else tell("", "");
  });
}
