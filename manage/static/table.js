// A table that is chosen as a file is read here and stands in the form as text: nothing is uploaded.

const MOST = 900_000; // letters, as the form is encoded on its way

const file = document.querySelector("[data-table-file]");
const area = document.querySelector("[data-table]");
const error = document.querySelector("[data-file-error]");

file?.addEventListener("change", async () => {
  const text = (await file.files[0]?.text()) ?? "";
  const tooLong = new URLSearchParams({ text }).toString().length > MOST;
  error.hidden = !tooLong;
  error.textContent = tooLong ? file.dataset.tooLong : "";
  if (!tooLong) area.value = text;
});

document.querySelector("[data-preview]")?.focus();
