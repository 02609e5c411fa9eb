// Elements. Texts are only ever set as text.

/** An element with attributes and children; what is null or false is left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  return filled(made, attributes, children);
}

/** The same of SVG. */
export function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** A link to a place of this page: #/images?verdict=Fail. */
export function place(path, params = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value));
  return `#/${path}${query.size ? `?${query}` : ''}`;
}

export const link = (href, ...children) => element('a', { href }, ...children);
export const number = (value) => value.toLocaleString('en');
export const amount = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** "2026-11-24 12:00 UTC" of RFC 3339; what is no time as it is. */
export function moment(text) {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return text || 'never';
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** "3 days" */
export function age(seconds) {
  for (const [unit, size] of [['day', 86400], ['hour', 3600], ['minute', 60]]) {
    if (seconds >= size) return amount(Math.floor(seconds / size), unit);
  }
  return amount(Math.max(0, Math.floor(seconds)), 'second');
}

/**
 * A table that becomes a list of cards where the page is narrow. `columns`: names; `rows`: lists of
 * cells, each a node, a text or a list of them.
 */
export function table(caption, columns, rows) {
  return element('table', { class: 'findings cards', role: 'table', 'aria-label': caption },
    element('thead', {}, element('tr', { role: 'row' },
      columns.map((name) => element('th', { scope: 'col', role: 'columnheader' }, name)))),
    element('tbody', {}, rows.map((cells) => row(columns, cells))));
}

export function row(columns, cells) {
  return element('tr', { role: 'row' }, cells.map((cell, i) =>
    element('td', { role: 'cell', 'data-name': columns[i] }, element('div', {}, [cell].flat()))));
}
