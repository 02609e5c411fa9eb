// #/policies: each ScanPolicy, and what it does or would do to what runs now.
import { amount, element, link, number, place } from './dom.js';
import { empty } from './parts.js';

const MEANING = { Enforce: 'denies', Warn: 'warns, denies nothing', Audit: 'watches, says nothing' };
const MOST_POLICIES = 500;

function effect(policy) {
  const { images, pods } = policy.runningFails;
  if (!pods) return policy.enforcement === 'Enforce' ? 'Nothing that runs now would be denied if it were started anew.' : 'Enforced, it would deny nothing that runs now.';
  const many = `${amount(pods, 'pod')} of ${amount(images, 'image')}`;
  const run = pods === 1 ? 'runs' : 'run';
  return policy.enforcement === 'Enforce' ? `${many} ${run} now and would be denied if started anew.` : `Enforced, it would deny ${many} that ${run} now.`;
}

function workloads({ runningFails }) {
  if (!runningFails.workloads.length) return null;
  const listed = runningFails.workloads.reduce((sum, one) => sum + one.pods, 0);
  return [element('ul', {}, runningFails.workloads.map((one) => element('li', {}, `${one.kind} ${one.namespace}/${one.name}, ${amount(one.pods, 'pod')}: `,
    link(place('images', { text: one.image }), one.image)))),
  listed < runningFails.pods ? element('p', {}, 'And others: these are the first 20 by namespace and name.') : null];
}

function section(policy) {
  const count = (name, verdict) => [link(place('images', { policy: policy.name, verdict }), `${number(policy.counts[name])} ${name}`)];
  const rules = policy.rules.map((rule) => `${rule.name} (${rule.kind}${rule.action === 'Warn' ? ', warns' : ''})`).join(', ');
  return element('section', { class: 'policy', 'data-policy': policy.name },
    element('h2', {}, policy.name, ' ', element('span', { class: 'tag' }, policy.enforcement)),
    element('p', { class: 'faint' }, `${policy.enforcement}: ${MEANING[policy.enforcement] || ''}`),
    element('p', { class: `effect${policy.runningFails.pods ? ' hits' : ''}` }, element('strong', {}, effect(policy))), workloads(policy),
    element('dl', { class: 'facts' },
      element('div', {}, element('dt', {}, 'Known images'), element('dd', {}, count('pass', 'Pass'), ', ', count('warn', 'Warn'), ', ', count('fail', 'Fail'), ', ', `${number(policy.counts.pending)} pending`)),
      element('div', {}, element('dt', {}, 'Rules'), element('dd', {}, rules || 'none')),
      element('div', {}, element('dt', {}, 'For images'), element('dd', {}, policy.images.join(', ') || 'all', policy.excludeImages.length ? `, but ${policy.excludeImages.join(', ')}` : '')),
      element('div', {}, element('dt', {}, 'Exceptions'), element('dd', {}, number(policy.exceptions)))),
    policy.errors.length ? element('div', { class: 'notice' }, element('p', {}, 'Not all of it could be read:'), element('ul', {}, policy.errors.map((why) => element('li', {}, why)))) : null);
}

export async function policies({ ask }) {
  const page = await ask('policies', { limit: MOST_POLICIES });
  return [element('h1', {}, 'Policies'),
    element('p', {}, 'What each would deny of what runs now, in the namespaces that it is for. See it here before a policy is changed to ', element('code', {}, 'enforcement: Enforce'), '.'),
    ...(page.items.length ? page.items.map(section) : [empty('No ScanPolicies: nothing is judged. Begin with ', element('code', {}, 'enforcement: Audit'), '.')]),
    page.continue ? element('p', {}, `The first ${number(MOST_POLICIES)} by name.`) : ''];
}
