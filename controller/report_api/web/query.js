// #/query?id=: which images have a vulnerability, and where they run.
import { amount, element, place, row, table } from './dom.js';
import { badge, empty, imageLink, pages, runsIn } from './parts.js';

const COLUMNS = ['Verdict', 'Image', 'Packages', 'Runs in'];

function packages(findings) {
  const texts = findings.map((one) => `${one.package} ${one.installedVersion}${one.fixedVersion ? `, fixed in ${one.fixedVersion}` : ', no fix'}`);
  return [...new Set(texts)].join('; ');
}

export async function query({ params, ask, guard }) {
  const id = params.get('id') || '';
  const form = element('form', { id: 'filters' }, element('label', { class: 'wide' }, 'Its id, by any of its names ',
    element('input', { id: 'id', name: 'id', type: 'search', value: id, required: true, maxlength: 128, pattern: '[A-Za-z0-9._:\\-]+', placeholder: 'CVE-2021-44228', autocomplete: 'off', spellcheck: 'false' })),
  element('button', {}, 'Look for it'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    location.hash = place('query', Object.fromEntries(new FormData(form)));
  });
  const top = [element('h1', {}, id || 'Vulnerability'), form];
  if (!id) return top;
  const list = table(`Images with ${id}`, COLUMNS, []);
  const count = element('p', { id: 'count', role: 'status' });
  const more = await pages({
    load: (token) => ask('query/vulnerabilities', { id, continue: token }),
    show: (items) => list.tBodies[0].append(...items.map((one) => row(COLUMNS, [badge(one.verdict), imageLink(one), packages(one.findings), runsIn(one.usedBy)]))),
    // A page ends after three seconds, too, and may be empty.
    count: (shown, beyond) => {
      count.textContent = beyond ? `${amount(shown, 'image')} so far` : amount(shown, 'image');
      list.hidden = shown === 0;
    },
    guard,
  });
  const none = list.hidden && more.hidden;
  return [...top, ...(none ? [empty(`No image that is known here has ${id}.`)] : [count, list, more])];
}
