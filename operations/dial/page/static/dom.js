// Changes what is shown in place: an element that stays keeps the focus, the selection and how far it is scrolled. All that
// comes from outside becomes a text node or the value of an attribute, never markup.

/**
 * How an element shall be. Attributes that are false or undefined are left out.
 * @typedef {{ tag: string, attributes: Record<string, string | number | boolean | undefined>, children: readonly Wanted[] }} WantedElement
 * @typedef {WantedElement | string} Wanted
 */

/**
 * @param {string} tag
 * @param {WantedElement["attributes"]} [attributes]
 * @param {...Wanted} children
 * @returns {WantedElement}
 */
export const h = (tag, attributes = {}, ...children) => ({ tag, attributes, children });

/**
 * The element of the page's own HTML that has this id.
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (/** @type {unknown} */ (found));
}

/**
 * Makes the children of an element as they shall be.
 * @param {Element} parent
 * @param {...Wanted} children
 */
export function show(parent, ...children) {
  children.forEach((child, index) => place(parent, parent.childNodes[index], child));
  while (parent.childNodes.length > children.length) parent.lastChild?.remove();
}

/**
 * @param {Element} parent
 * @param {ChildNode | undefined} there
 * @param {Wanted} child
 */
function place(parent, there, child) {
  if (typeof child === "string") {
    if (there instanceof Text) {
      // A text that is set anew, though it is the same, would be read aloud again.
      if (there.data !== child) there.data = child;
    } else {
      put(parent, there, document.createTextNode(child));
    }
    return;
  }
  const same = there instanceof Element && there.localName === child.tag;
  const element = same ? there : put(parent, there, made(parent, child.tag));
  const wanted = Object.entries(child.attributes).filter(
    ([, value]) => value !== false && value !== undefined,
  );
  for (const [name, value] of wanted) {
    const text = value === true ? "" : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
  for (const name of element.getAttributeNames()) {
    if (!wanted.some(([one]) => one === name)) element.removeAttribute(name);
  }
  show(element, ...child.children);
}

/** @param {Element} parent @param {string} tag */
const made = (parent, tag) =>
  document.createElementNS(tag === "svg" ? "http://www.w3.org/2000/svg" : parent.namespaceURI, tag);

/**
 * @template {ChildNode} T
 * @param {Element} parent
 * @param {ChildNode | undefined} there
 * @param {T} node
 */
function put(parent, there, node) {
  if (there === undefined) parent.append(node);
  else there.replaceWith(node);
  return node;
}
