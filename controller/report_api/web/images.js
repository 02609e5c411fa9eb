// #/images?text=&verdict=&namespace=&severity=&policy=&running=: the list, worst first, narrowed by
// the server.
import { amount, element, moment, number, place, row, table } from './dom.js';
import { SEVERITIES, VERDICTS, badge, counts, empty, imageLink, pages, runsIn } from './parts.js';

const COLUMNS = ['Verdict', 'Image', 'Vulnerabilities', 'Runs in', 'Scanned'];
const PAGE = 100;

const cells = (image) => [badge(image.verdict), [imageLink(image), image.verdict === 'Pending'
  ? element('div', { class: 'faint' }, `${image.ready.reason}: ${image.ready.message}`) : null],
counts(image.vulnerabilities), runsIn(image.usedBy), moment(image.scannedAt)];

export const imageTable = (caption, items) => table(caption, COLUMNS, items.map(cells));

function choice(id, label, values, chosen) {
  const options = values.map(([value, text]) => element('option', { value, selected: value === chosen }, text));
  return element('label', {}, `${label} `, element('select', { id, name: id }, options));
}

const words = (id, label, value, size) => element('label', { class: 'wide' }, `${label} `,
  element('input', { id, name: id, type: 'search', value, maxlength: size, autocomplete: 'off', spellcheck: 'false' }));

function filterForm(filter) {
  const all = [['', 'all']];
  const form = element('form', { id: 'filters', 'aria-label': 'Which images' },
    words('text', 'Name', filter.text, 256),
    choice('verdict', 'Verdict', [...all, ...VERDICTS.map((name) => [name, name])], filter.verdict),
    choice('severity', 'Finding of', [...all, ...SEVERITIES.slice(0, 5).map((name) => [name, `${name} or above`])], filter.severity),
    words('namespace', 'Namespace', filter.namespace, 63),
    choice('running', 'Runs', [...all, ['true', 'now'], ['false', 'nowhere']], filter.running),
    element('input', { type: 'hidden', name: 'policy', value: filter.policy }),
    element('button', { id: 'find' }, 'Show'),
    filter.policy ? element('p', { class: 'wide' }, `Verdict of policy ${filter.policy}. `, element('a', { href: '#/images' }, 'Of all policies')) : null);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    location.hash = place('images', Object.fromEntries(new FormData(form)));
  });
  return form;
}

export async function images({ params, ask, guard }) {
  const filter = Object.fromEntries(['text', 'verdict', 'severity', 'namespace', 'policy', 'running'].map((name) => [name, params.get(name) || '']));
  const list = imageTable('Images, worst first', []);
  const count = element('p', { id: 'count', role: 'status' });
  const more = await pages({
    load: (token) => ask('images', { ...filter, order: 'worst', limit: PAGE, continue: token }),
    show: (items) => list.tBodies[0].append(...items.map((image) => row(COLUMNS, cells(image)))),
    count: (shown, beyond) => { count.textContent = beyond ? `The first ${number(shown)}, worst first` : amount(shown, 'image'); },
    guard,
  });
  const none = Object.values(filter).some(Boolean) ? empty('No image is like this. ', element('a', { href: '#/images' }, 'Show all'))
    : empty('No ImageScans yet: an image is scanned when a pod with it is created, or with ', element('code', {}, 'kubectl landwaiter request IMAGE'), '.');
  const found = list.tBodies[0].rows.length > 0;
  return [element('h1', {}, 'Images'), filterForm(filter), ...(found ? [count, list, more] : [none])];
}
