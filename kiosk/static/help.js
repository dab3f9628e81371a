// "Panggil petugas": the whole screen becomes a sign that an officer sees from across the hall.
import { ready, ring } from "/static/kiosk/chime.js";

document.addEventListener("click", ({ target }) => {
  const sign = document.getElementById("help");
  if (target.closest("[data-ask]")) {
    if (!sign.open) sign.showModal();
    ready().then((can) => can && ring());
  } else if (sign.open && target.closest("[data-close]")) sign.close();
});
