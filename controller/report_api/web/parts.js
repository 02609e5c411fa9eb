// What several places show alike: verdicts, counts by severity, where an image runs, long lists.
import { amount, element, link, number, place } from './dom.js';

export const VERDICTS = ['Fail', 'Unknown', 'Warn', 'Pending', 'Pass'];
export const SEVERITIES = ['Critical', 'High', 'Medium', 'Low', 'Negligible', 'Unknown'];

/** One of a closed set as a class name; nothing that a server says becomes one otherwise. */
export const className = (kind, value, known) => (known.includes(value) ? `${kind}-${value.toLowerCase()}` : '');

export const badge = (verdict) => element('span', { class: `badge ${className('verdict', verdict, VERDICTS)}` }, verdict);

export const severity = (name) => [element('span', { class: `dot ${className('severity', name, SEVERITIES)}`, 'aria-hidden': 'true' }), name];

/** "2 critical, 1 high" of the counts of an image. */
export function counts(of) {
  if (!of) return 'not matched yet';
  const parts = ['critical', 'high', 'medium', 'low'].filter((key) => of[key]).map((key) => `${number(of[key])} ${key}`);
  const words = parts.length ? parts.join(', ') : 'none of low or above';
  return of.knownExploited ? [words, ' ', element('span', { class: 'tag exploited' }, `${number(of.knownExploited)} exploited`)] : words;
}

export function runsIn(usedBy) {
  if (!usedBy.pods) return element('span', { class: 'faint' }, 'nowhere');
  const spaces = usedBy.namespaces.flatMap((name, i) => [i ? ', ' : '', link(place('images', { namespace: name }), name)]);
  return [`${amount(usedBy.pods, 'pod')} in `, ...spaces, usedBy.more ? ' and others' : ''];
}

export const imageLink = (image) => link(place('image', { digest: image.digest }), image.displayName);

export const empty = (...words) => element('p', { class: 'empty' }, ...words);

/**
 * A list that comes in pages: `load(token)` gives a page of /v1, `show(items)` puts them behind
 * what is there. With a button for more; says through `count` how many are there.
 */
export async function pages({ load, show, count, guard }) {
  const more = element('button', { type: 'button', id: 'more' }, 'Show more');
  const box = element('p', {}, more);
  let shown = 0;
  async function next(token) {
    const page = await load(token);
    show(page.items);
    shown += page.items.length;
    count(shown, page.continue !== null, page);
    box.hidden = page.continue === null;
    more.disabled = false;
    more.onclick = () => {
      more.disabled = true;
      guard(() => next(page.continue), () => { more.disabled = false; });
    };
  }
  await next('');
  return box;
}
