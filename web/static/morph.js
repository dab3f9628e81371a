// Turns what an element shows into other HTML by changing only what differs: what stays the same stays the same node, and
// with it focus, selection, scroll, animations, an opened <details>, and all that a person typed or ticked.
//
// Elements are the same by `id` or `data-key`, else by place and tag. The inside and the attributes of `[data-keep]` are
// the page's own.

import { elements } from "/static/web/html.js";

/**
 * @param {Element} element its children become those of
 * @param {string} html the server's own, escaped by its templates
 */
export function morph(element, html) {
  const focused = document.activeElement;
  const selection = focused && selectionOf(focused);
  morphChildren(element, elements(html));
  if (focused !== document.activeElement) restore(focused, selection);
}

// Asked of the attributes: a form with a field called "id" or "type" would answer with the field.
const attribute = (node, name) => node.getAttribute?.(name) ?? "";
const keyOf = (node) => attribute(node, "id") || attribute(node, "data-key");

const isSame = (one, other) =>
  one.nodeName === other.nodeName && keyOf(one) === keyOf(other) && attribute(one, "type") === attribute(other, "type");

function morphChildren(parent, wanted) {
  const news = [...wanted.childNodes];
  const keys = new Set(news.map(keyOf));
  const keyed = new Map();
  for (const child of [...parent.childNodes]) {
    const key = keyOf(child);
    if (key && !keys.has(key)) child.remove();
    else if (key) keyed.set(key, child);
  }

  let at = parent.firstChild;
  const drop = () => {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  };
  for (const node of news) {
    const key = keyOf(node);
    let old = key ? keyed.get(key) : at;
    if (old && !isSame(old, node)) old = undefined;
    if (key && old) while (at && at !== old && !keyOf(at)) drop();
    if (!old) parent.insertBefore(node, at);
    else if (old === at) at = at.nextSibling;
    else move(parent, old, at);
    if (old) morphNode(old, node);
  }
  while (at) drop();
}

function move(parent, node, before) {
  if (parent.moveBefore) parent.moveBefore(node, before);
  else parent.insertBefore(node, before);
}

function morphNode(old, node) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== node.data) old.data = node.data;
    return;
  }
  if (old.hasAttribute("data-keep") || old.isEqualNode(node)) return;
  // Attributes, not properties: the browser itself keeps what a person typed, ticked or chose above a changed default.
  const isOpenedByHand = (name) => name === "open" && (old.nodeName === "DETAILS" || old.nodeName === "DIALOG");
  for (const { name, value, namespaceURI } of node.attributes)
    if (old.getAttribute(name) !== value && !isOpenedByHand(name)) old.setAttributeNS(namespaceURI, name, value);
  for (const { name } of [...old.attributes])
    if (!node.hasAttribute(name) && !isOpenedByHand(name)) old.removeAttribute(name);
  morphChildren(old, node);
}

// Null where the kind of field has none.
function selectionOf(field) {
  return field.selectionStart == null ? undefined : [field.selectionStart, field.selectionEnd, field.selectionDirection];
}

function restore(focused, selection) {
  const target = focused?.isConnected ? focused : focused?.id && document.getElementById(focused.id);
  target?.focus?.({ preventScroll: true });
  if (target === focused && selection) target.setSelectionRange(...selection);
}
