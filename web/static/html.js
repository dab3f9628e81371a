// The one door through which text becomes elements. Under the page's Trusted Types no other script can turn text into
// elements at all, so a careless `innerHTML` fails in every browser instead of running what a stranger typed.

const plain = { createHTML: (html) => html };
const policy = globalThis.trustedTypes?.createPolicy("ltsa-live", plain) ?? plain;

/**
 * The elements that HTML makes, to be put into the page.
 * @param {string} html the server's own, escaped by its templates; never what a person typed
 * @returns {DocumentFragment}
 */
export function elements(html) {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(html);
  return template.content;
}

/**
 * The whole page that HTML makes, to take parts from.
 * @param {string} html as above
 * @returns {Document}
 */
export function page(html) {
  return new DOMParser().parseFromString(policy.createHTML(html), "text/html");
}
