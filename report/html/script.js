'use strict';
// Takes the place of the first rows with all findings: searched, filtered, ordered, in pages.
// Texts of the image are only ever set as text.
(() => {
  const PAGE_ROWS = 100;
  const PRINTED_ROWS = 2000;
  const SEVERITIES = ['Critical', 'High', 'Medium', 'Low', 'Negligible', 'Unknown'];
  const DETAILS = [
    ['Also known as', 'aliases'], ['Advisory', 'advisory'], ['Feed', 'feed'], ['Source package', 'source'],
    ['Severity by', 'severitySource'], ['CVSS', 'cvss'], ['CVSS vector', 'vector'], ['EPSS', 'epss'],
    ['Weaknesses', 'weaknesses'], ['Published', 'published'], ['Excused by', 'excused'], ['Not linked', 'unlinked'],
  ];
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId('data').textContent);
  const findings = data.findings;
  const number = (value) => value.toLocaleString('en');
  let shown = findings;
  let page = 0;

  function element(name, className, ...children) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }

  function cell(name, ...children) {
    // The grid of a narrow page has two columns: what names the cell, and this one.
    const made = element('td', '', element('div', '', ...children));
    made.setAttribute('role', 'cell');
    made.dataset.name = name;
    return made;
  }

  function link([label, url], text) {
    const made = element('a', '', text || label);
    made.href = url;
    made.rel = 'noopener noreferrer';
    made.target = '_blank';
    return made;
  }

  function layerName(finding) {
    if (finding.layer === undefined) return '';
    return `layer ${finding.layer + 1} of ${data.platforms[finding.platform].layers.length}`;
  }

  function history(finding) {
    return finding.layer === undefined ? '' : data.platforms[finding.platform].layers[finding.layer] || '';
  }

  function details(finding) {
    const list = element('dl', '');
    for (const [name, field] of DETAILS) {
      if (finding[field] === undefined) continue;
      list.append(element('dt', '', name), element('dd', '', String(finding[field])));
    }
    if (finding.links) {
      const all = element('dd', '');
      finding.links.forEach((one, index) => all.append(...(index ? [', '] : []), link(one)));
      list.append(element('dt', '', 'Links'), all);
    }
    const summary = element('summary', '', 'Details');
    summary.setAttribute('aria-label', `Details of ${finding.id} in ${finding.package}`);
    return element('details', 'more', summary, list);
  }

  function vulnerability(finding) {
    const made = cell('Vulnerability', finding.links ? link(finding.links[0], finding.id) : finding.id, ' ');
    const box = made.firstChild;
    if (finding.exploited) box.append(element('span', 'tag exploited', 'known exploited'));
    if (finding.possible) box.append(element('span', 'tag', 'possible, by product name'));
    if (finding.excused) box.append(element('span', 'tag', 'excused'));
    if (finding.title) box.append(element('div', '', finding.title));
    box.append(details(finding));
    return made;
  }

  function where(finding) {
    const made = cell('Where', element('code', '', finding.path || ''));
    const box = made.firstChild;
    if (finding.layer !== undefined) {
      box.append(element('div', '', layerName(finding), finding.base ? ', of the base' : '', ' ',
                         element('code', 'faint', history(finding))));
    }
    if (data.platforms.length > 1) box.append(element('div', 'faint', data.platforms[finding.platform].name));
    return made;
  }

  function row(finding) {
    const made = element('tr', '',
      cell('Severity', element('span', `dot severity-${finding.severity.toLowerCase()}`), finding.severity),
      vulnerability(finding),
      cell('Package', finding.package, ' ', element('span', 'faint', finding.type)),
      cell('Installed', finding.installed),
      cell('Fixed in', finding.fixed || finding.state || 'no fix'),
      where(finding));
    made.setAttribute('role', 'row');
    return made;
  }

  function render(first, count) {
    byId('rows').replaceChildren(...shown.slice(first, first + count).map(row));
  }

  function show() {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE_ROWS));
    page = Math.min(page, pages - 1);
    render(page * PAGE_ROWS, PAGE_ROWS);
    byId('page').textContent = `Page ${number(page + 1)} of ${number(pages)}`;
    byId('previous').disabled = page === 0;
    byId('next').disabled = page === pages - 1;
    byId('pages').hidden = pages === 1;
    byId('status').textContent = shown.length === findings.length
      ? `All ${number(findings.length)} findings`
      : `${number(shown.length)} of ${number(findings.length)} findings`;
  }

  function haystack(finding) {
    if (finding.haystack === undefined) {
      finding.haystack = [finding.id, finding.aliases, finding.advisory, finding.package, finding.source, finding.type,
        finding.installed, finding.fixed, finding.path, finding.title, finding.weaknesses].join('\n').toLowerCase();
    }
    return finding.haystack;
  }

  const COMPARE = {
    worst: (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
    package: (a, b) => (a.package < b.package ? -1 : a.package > b.package ? 1 : 0),
    layer: (a, b) => a.platform - b.platform || (a.layer ?? -1) - (b.layer ?? -1),
  };

  function filter() {
    const words = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = new Set([...document.querySelectorAll('#severities input:checked')].map((box) => box.value));
    const type = byId('type').value;
    const layer = byId('layer').value;
    const platform = byId('platform').value;
    const fixable = byId('fixable').checked;
    const exploited = byId('exploited').checked;
    shown = findings.filter((finding) => severities.has(finding.severity)
      && (!type || finding.type === type)
      && (!layer || `${finding.platform}:${finding.layer ?? ''}` === layer)
      && (!platform || String(finding.platform) === platform)
      && (!fixable || finding.fixed !== undefined)
      && (!exploited || finding.exploited)
      && words.every((word) => haystack(finding).includes(word)));
    shown.sort(COMPARE[byId('order').value]);
    page = 0;
    show();
  }

  function option(value, text) {
    const made = element('option', '', text);
    made.value = value;
    return made;
  }

  function counts(keyOf) {
    const found = new Map();
    for (const finding of findings) {
      const key = keyOf(finding);
      found.set(key, (found.get(key) || 0) + 1);
    }
    return found;
  }

  function fillFilters() {
    const severities = counts((finding) => finding.severity);
    for (const severity of SEVERITIES) {
      const box = element('input', '');
      box.type = 'checkbox';
      box.value = severity;
      box.defaultChecked = true;
      byId('severities').append(element('label', '', box, `${severity} ${number(severities.get(severity) || 0)}`));
    }
    const types = [...counts((finding) => finding.type)].sort();
    byId('type').append(option('', 'all'), ...types.map(([type, count]) => option(type, `${type} (${number(count)})`)));
    byId('layer').append(option('', 'all'));
    const layers = counts((finding) => `${finding.platform}:${finding.layer ?? ''}`);
    const several = data.platforms.length > 1;
    data.platforms.forEach((platform, index) => {
      const prefix = several ? `${platform.name}, ` : '';
      ['', ...platform.layers.keys()].forEach((layer) => {
        const count = layers.get(`${index}:${layer}`);
        if (!count) return;
        const name = layer === '' ? 'not known' : `${layer + 1}: ${platform.layers[layer].slice(0, 40)}`;
        byId('layer').append(option(`${index}:${layer}`, `${prefix}${name} (${number(count)})`));
      });
      byId('platform').append(...(index ? [] : [option('', 'all')]), option(String(index), platform.name));
    });
    byId('platform-label').hidden = !several;
    byId('exploited-label').hidden = !findings.some((finding) => finding.exploited);
  }

  function turn(by) {
    page += by;
    show();
    byId('findings').scrollIntoView();
    byId('findings').focus({preventScroll: true});
  }

  fillFilters();
  const filters = byId('filters');
  filters.addEventListener('input', filter);
  filters.addEventListener('submit', (event) => event.preventDefault());
  byId('everything').addEventListener('click', () => {
    filters.reset();
    filter();
  });
  byId('previous').addEventListener('click', () => turn(-1));
  byId('next').addEventListener('click', () => turn(1));
  addEventListener('beforeprint', () => render(0, PRINTED_ROWS));
  addEventListener('afterprint', show);
  filters.hidden = findings.length === 0;
  if (byId('more')) byId('more').remove();
  filter();
})();
