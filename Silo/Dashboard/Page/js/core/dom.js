// Elements without a framework. Text is always text: nothing that comes from the service is ever markup.
const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') for (const [property, v] of Object.entries(value)) element.style.setProperty(property, v);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter(c => c !== null && c !== undefined && c !== false));
  return element;
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Sets text only where it is another, so that a reader's selection and a screen reader are left alone. */
export function text(element, value) {
  const next = value === null || value === undefined ? '' : String(value);
  if (element.textContent !== next) element.textContent = next;
}

/** Keeps one child for each item, in order: what stays is updated, and keeps its focus. */
export function keyed(parent, items, key, make, update) {
  const known = new Map([...parent.children].map(child => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const k = String(key(item));
    let child = known.get(k);
    if (child) known.delete(k);
    else {
      child = make(item);
      child.dataset.key = k;
    }
    update?.(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const gone of known.values()) gone.remove();
}
