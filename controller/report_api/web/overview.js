// #/: how it stands: counts by verdict, verdicts over time, the worst of what runs, policies that
// do not enforce yet, and how old what is known is.
import { age, amount, element, link, number, place, table } from './dom.js';
import { history } from './history.js';
import { imageTable } from './images.js';
import { vulnerability } from './image.js';
import { SEVERITIES, VERDICTS, className, empty, imageLink, severity } from './parts.js';

const WORST_IMAGES = 10;
const FINDINGS_EACH = 20;
const WORST_FINDINGS = 15;
const NAMED_IMAGES = 3;
const OLD_SECONDS = 48 * 3600;

function tiles(now) {
  return element('ul', { class: 'tiles' }, VERDICTS.map((verdict) => element('li', {},
    link(place('images', { verdict, running: 'true' }), element('span', { class: `badge ${className('verdict', verdict, VERDICTS)}` }, verdict),
      element('strong', {}, number(now.running[verdict.toLowerCase()])),
      element('span', { class: 'faint' }, `running, ${number(now.images[verdict.toLowerCase()])} known`)))));
}

const verdicts = ({ ask, part }) => part(async () => {
  const known = await ask('history');
  return element('div', {}, tiles(known.now), history(known, 'running'));
});

/** The worst of the worst images' findings, each once. */
async function findings({ ask }, images) {
  const found = new Map();
  const lists = await Promise.all(images.filter((image) => image.vulnerabilities).map(async (image) =>
    (await ask(`images/${image.digest}/findings`, { limit: FINDINGS_EACH })).items.map((one) => [image, one])));
  for (const [image, one] of lists.flat()) {
    const key = `${one.id} ${one.package}`;
    if (!found.has(key)) found.set(key, { ...one, images: new Map() });
    found.get(key).images.set(image.digest, image);
  }
  const rank = (one) => [one.knownExploited ? 0 : 1, SEVERITIES.indexOf(one.severity), -one.images.size];
  return [...found.values()].sort((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    const at = left.findIndex((value, i) => value !== right[i]);
    return at < 0 ? 0 : left[at] - right[at];
  }).slice(0, WORST_FINDINGS);
}

function imagesOf(finding) {
  const images = [...finding.images.values()];
  const beyond = images.length - NAMED_IMAGES;
  const named = images.slice(0, NAMED_IMAGES).flatMap((image, i) => [i ? ', ' : '', imageLink(image)]);
  return beyond > 0 ? [...named, ' and ', link(place('query', { id: finding.id }), `${number(beyond)} more`)] : named;
}

const worstFindings = (context, images) => context.part(async () => {
  const found = await findings(context, images);
  if (!found.length) return empty('None.');
  return table('Worst findings of the images above', ['Severity', 'Vulnerability', 'Package', 'Fixed in', 'Images'], found.map((one) => [
    severity(one.severity), [vulnerability(one.id), one.knownExploited ? element('span', { class: 'tag exploited' }, 'exploited') : null], one.package,
    one.fixedVersion || element('span', { class: 'faint' }, 'no fix'), imagesOf(one)]));
});

const waiting = ({ ask, part }) => part(async () => {
  const { items } = await ask('policies', { limit: 500 });
  const list = items.filter((policy) => policy.enforcement !== 'Enforce');
  if (!items.length) return empty('No ScanPolicies: nothing is judged. Begin with ', element('code', {}, 'enforcement: Audit'), '.');
  if (!list.length) return element('p', {}, 'All of them enforce. ', link('#/policies', 'Policies'));
  return table('Policies that do not enforce', ['Policy', 'Enforcement', 'Would deny'], list.map((policy) => [link('#/policies', policy.name), policy.enforcement,
    policy.runningFails.pods ? `${amount(policy.runningFails.pods, 'pod')} of ${amount(policy.runningFails.images, 'image')}` : 'nothing that runs']));
});

const system = ({ ask, part }) => part(async () => {
  const it = await ask('system');
  const { database } = it;
  const old = !database || database.ageSeconds > OLD_SECONDS;
  const words = database ? `Advisories are ${age(database.ageSeconds)} old.` : 'There is no advisory database: nothing can be matched. See landwaiter db update.';
  return element('p', { id: 'system', class: old ? 'notice' : 'faint' }, `${words} ${amount(it.images, 'image')} known, ${amount(it.pods, 'pod')}. Version ${it.version}, answered by ${it.replica}${
    it.leader ? '' : '; nobody leads: nothing is scanned'}.`);
});

export async function overview(context) {
  const worst = await context.ask('images', { order: 'worst', running: 'true', limit: WORST_IMAGES });
  const any = worst.items.length > 0;
  const [numbers, found, policies, state] = await Promise.all([verdicts(context), any ? worstFindings(context, worst.items) : null, waiting(context), system(context)]);
  const images = any ? [imageTable('Worst images that run', worst.items), element('p', {}, link('#/images', 'All images')), element('h2', {}, 'Worst findings of these'), found]
    : [empty('No image that runs is known yet. One is scanned when a pod with it is created, or with ', element('code', {}, 'kubectl landwaiter request IMAGE'), '. ', link('#/images', 'All known images'))];
  return [element('h1', {}, 'Images of this cluster'), numbers, element('h2', {}, 'Worst images that run'), ...images,
    element('h2', {}, 'Policies before enforcing'), policies, state];
}
