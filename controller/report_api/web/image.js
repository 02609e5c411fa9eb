// #/image?digest=: one image: what it would be answered, where it runs, what each policy says, and
// its findings, worst first.
import { amount, element, link, moment, number, place, row, table } from './dom.js';
import { SEVERITIES, VERDICTS, badge, className, counts, empty, pages, runsIn, severity } from './parts.js';

const FINDING = ['Severity', 'Vulnerability', 'Package', 'Installed', 'Fixed in', 'Where'];
const MOST_VIOLATIONS = 50;
const ANSWERS = { Deny: 'A new pod of it is denied.', Warn: 'A new pod of it is let in with a warning.', Allow: 'A new pod of it is let in.' };

export const vulnerability = (id) => link(place('query', { id }), id);

const findingCells = (finding) => [severity(finding.severity),
  [vulnerability(finding.id), finding.knownExploited ? element('span', { class: 'tag exploited' }, 'exploited') : null,
    finding.title ? element('div', { class: 'faint' }, finding.title) : null],
  `${finding.package} (${finding.packageType})`, finding.installedVersion, finding.fixedVersion || element('span', { class: 'faint' }, 'no fix'),
  [element('code', {}, finding.path), element('div', { class: 'faint' }, finding.platform)]];

function policySection(policy) {
  const violations = policy.violations || [];
  const unknown = policy.unknown || [];
  const lines = [...violations.map((one) => element('li', {}, element('strong', {}, `${one.rule} (${one.action}): `), one.message)),
    ...unknown.map((why) => element('li', {}, element('strong', {}, 'Not decided: '), typeof why === 'string' ? why : `${why.rule}: ${why.reason}`))];
  return element('section', { class: 'policy' },
    element('h3', {}, badge(policy.verdict), ' ', link(place('images', { policy: policy.name, verdict: policy.verdict }), policy.name)),
    lines.length ? element('ul', {}, lines.slice(0, MOST_VIOLATIONS)) : element('p', {}, 'Nothing against it.'),
    lines.length > MOST_VIOLATIONS ? element('p', {}, `And ${number(lines.length - MOST_VIOLATIONS)} more.`) : null);
}

async function policySections({ ask, part }, digest) {
  return part(async () => {
    const { items } = await ask(`images/${digest}/policies`);
    return element('div', {}, items.length ? items.map(policySection) : empty('No ScanPolicy is about it.'));
  });
}

/** Which workloads fail by it, as the policies count them. */
async function workloads({ ask, part }, image) {
  return part(async () => {
    const { items } = await ask('policies', { limit: 500 });
    const failing = new Map();
    for (const one of items.flatMap((policy) => policy.runningFails.workloads)) {
      if (one.scan === image.name) failing.set(`${one.namespace}/${one.kind}/${one.name}`, one);
    }
    if (!failing.size) return null;
    return element('ul', {}, [...failing.values()].map((one) => element('li', {}, `${one.kind} ${one.namespace}/${one.name}, ${amount(one.pods, 'pod')}: fails`)));
  });
}

function gaps(status) {
  const unread = (status.platforms || []).flatMap((one) => (one.coverage || []).filter((part) => part.state !== 'Read')
    .map((part) => element('li', {}, `${one.platform}: ${part.source}: ${part.state}${part.reason ? `, ${part.reason}` : ''}`)));
  if (!unread.length) return null;
  return element('section', { class: 'coverage gaps' }, element('h2', {}, 'Not everything could be read'), element('ul', {}, unread));
}

function facts(image, failing) {
  const platforms = image.platforms.map((one) => `${one.platform}: ${[one.os, one.osVersion].filter(Boolean).join(' ') || 'no system'}${
    one.osEndOfLife ? ' (end of life)' : ''}, ${amount(one.packages, 'package')}`);
  const list = [['Digest', element('code', {}, image.digest)], ['Names', image.references.join(', ') || image.image],
    ['Runs in', [runsIn(image.usedBy), failing]], ['Vulnerabilities', counts(image.vulnerabilities)], ['Platforms', platforms.join('; ') || 'not read yet'],
    ['Scanned', moment(image.scannedAt)], ['Matched', `${moment(image.matchedAt)}${image.database ? `, with the database of ${moment(image.database.builtAt)}` : ''}`]];
  return element('dl', { class: 'facts' }, list.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, [value].flat(2)))));
}

async function findings({ params, ask, guard, part }, image) {
  const filter = { severity: params.get('severity') || '', fixable: params.get('fixable') || '' };
  const list = table('Findings, worst first', FINDING, []);
  const heading = element('h2', { id: 'findings' }, 'Findings');
  const least = element('select', { id: 'least', 'aria-label': 'Of which severity' }, element('option', { value: '' }, 'all severities'),
    SEVERITIES.slice(0, 4).map((name) => element('option', { value: name, selected: name === filter.severity }, `${name} or above`)));
  const fixable = element('input', { id: 'fixable', type: 'checkbox', checked: filter.fixable === 'true' });
  const narrowed = () => { location.hash = place('image', { digest: image.digest, severity: least.value, fixable: fixable.checked ? 'true' : '' }); };
  least.addEventListener('change', narrowed);
  fixable.addEventListener('change', narrowed);
  const shown = await part(async () => {
    const more = await pages({
      load: (token) => ask(`images/${image.digest}/findings`, { ...filter, continue: token }),
      show: (items) => list.tBodies[0].append(...items.map((one) => row(FINDING, findingCells(one)))),
      count: (count, beyond, page) => { heading.textContent = `${amount(page.total, 'finding')}${beyond ? `, the first ${number(count)}` : ''}`; },
      guard,
    });
    return element('div', {}, list.tBodies[0].rows.length ? [list, more] : empty('None.'));
  });
  return element('section', { 'aria-labelledby': 'findings' }, heading,
    element('p', {}, least, ' ', element('label', {}, fixable, ' with a fix')), shown);
}

export async function image(context) {
  const { params, ask } = context;
  const it = await ask(`images/${encodeURIComponent(params.get('digest') || '')}`);
  const [judged, failing, found] = await Promise.all([policySections(context, it.digest), workloads(context, it), findings(context, it)]);
  return [element('p', { class: 'kind' }, 'Image'), element('h1', {}, it.displayName),
    element('div', { class: 'outcome' }, element('section', { class: `verdict ${className('verdict', it.verdict, VERDICTS)}` },
      element('h2', {}, `Verdict: ${it.verdict}`),
      element('p', {}, it.verdict === 'Pending' ? `${it.ready.reason}: ${it.ready.message}` : ANSWERS[it.admission.action])), gaps(it.status)),
    facts(it, failing), element('h2', {}, 'Policies'), judged, found];
}
