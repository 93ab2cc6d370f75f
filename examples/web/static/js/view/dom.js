// Making elements. Text always goes in as text, never as markup.

/**
 * Makes an element. Of the properties, `class`, `role`, `data-…` and `aria-…`
 * are attributes, `on…` are listeners, the others are set on the element.
 * What is false, null or undefined is left out.
 * @param {string} name
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | false | null | undefined)} children
 * @returns {any} the element; what it has depends on the name
 */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'class' || key === 'role' || key.includes('-')) element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(.../** @type {(Node | string)[]} */ (children.filter(Boolean)));
  return element;
}

/** The element of the page with that id. @returns {any} */
export const byId = (id) => document.getElementById(id);

/** Changes the children of an element, only if there is something to change. */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter(Boolean));
}
