// Verdicts over time: areas on each other, a step where a number changed; the same as a table.
import { element, moment, number, shape } from './dom.js';
import { VERDICTS, className } from './parts.js';

const WIDTH = 720;
const HEIGHT = 180;
const ROWS = 30;

const keyOf = (verdict) => verdict.toLowerCase();
const totalOf = (counts) => VERDICTS.reduce((sum, verdict) => sum + counts[keyOf(verdict)], 0);

function area(samples, end, which, upTo, x, y) {
  const edge = (sample, count) => VERDICTS.slice(0, count).reduce((sum, verdict) => sum + sample[which][keyOf(verdict)], 0);
  const upper = [];
  const lower = [];
  samples.forEach((sample, i) => {
    const until = i + 1 < samples.length ? samples[i + 1].time : end;
    for (const time of [sample.time, until]) {
      upper.push(`${x(time)},${y(edge(sample, upTo + 1))}`);
      lower.unshift(`${x(time)},${y(edge(sample, upTo))}`);
    }
  });
  return [...upper, ...lower].join(' ');
}

function chart(samples, end, which) {
  const begin = samples[0].time;
  const most = Math.max(1, ...samples.map((sample) => totalOf(sample[which])));
  const x = (time) => (end === begin ? 0 : (time - begin) / (end - begin) * WIDTH).toFixed(1);
  const y = (count) => (HEIGHT - count / most * HEIGHT).toFixed(1);
  const last = samples[samples.length - 1][which];
  const words = VERDICTS.map((verdict) => `${last[keyOf(verdict)]} ${verdict}`).join(', ');
  return shape('svg', { class: 'history', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `Verdicts over time; now ${words}` },
    VERDICTS.map((verdict, i) => shape('polygon', { class: `area ${className('area', verdict, VERDICTS)}`, points: area(samples, end, which, i, x, y) })));
}

export function history({ now, items }, which) {
  const samples = [...items, now].map((sample) => ({ ...sample, time: Date.parse(sample.at) }));
  const end = samples[samples.length - 1].time;
  const rows = samples.slice(-ROWS).reverse().map((sample) => element('tr', {}, element('th', { scope: 'row' }, moment(sample.at)),
    VERDICTS.map((verdict) => element('td', {}, number(sample[which][keyOf(verdict)])))));
  const most = Math.max(...samples.map((sample) => totalOf(sample[which])));
  return element('figure', { class: 'chart' },
    element('figcaption', {}, element('h2', {}, 'Verdicts over time'), element('p', { class: 'faint' },
      `${which === 'running' ? 'Of images that run' : 'Of all known images'}, since ${moment(samples[0].at)}; at most ${number(most)} at once.`)),
    chart(samples, end, which),
    element('p', { class: 'ends faint' }, element('span', {}, moment(samples[0].at)), element('span', {}, 'now')),
    element('ul', { class: 'legend' }, VERDICTS.map((verdict) => element('li', {}, element('span', { class: `dot ${className('area', verdict, VERDICTS)}`, 'aria-hidden': 'true' }), verdict))),
    element('details', {}, element('summary', {}, samples.length > ROWS ? `The newest ${ROWS} changes as numbers` : 'As numbers'),
      element('div', { class: 'scrolls', tabindex: '0', role: 'region', 'aria-label': 'Numbers' },
        element('table', {}, element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'From'), VERDICTS.map((verdict) => element('th', { scope: 'col' }, verdict)))),
          element('tbody', {}, rows)))));
}
