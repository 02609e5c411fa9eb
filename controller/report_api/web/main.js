// Who has signed in, and which place of the page is shown. A place is a module's function of a
// context: it asks, and returns what stands there.
import { Refused, ask, forgetToken, hasToken, printable, takeToken } from './api.js';
import { element } from './dom.js';
import { image } from './image.js';
import { images } from './images.js';
import { overview } from './overview.js';
import { policies } from './policies.js';
import { query } from './query.js';

const PLACES = new Map(Object.entries({ '': overview, images, image, policies, query }));

const byId = (id) => document.getElementById(id);
const content = byId('content');
let current = new AbortController();
// A proxy in front may sign its users in by itself.
let byProxy = false;

const say = (words) => { byId('status').textContent = words; };

function signedIn(yes) {
  byId('places').hidden = !yes;
  byId('session').hidden = !yes;
  byId('leave').hidden = byProxy;
  byId('login').hidden = yes;
}

/** Takes away whatever was shown. */
function signOut(why) {
  current.abort();
  forgetToken();
  content.replaceChildren();
  content.removeAttribute('aria-busy');
  document.title = 'Landwaiter';
  signedIn(false);
  say('');
  byId('refusal').textContent = why;
  byId('refusal').hidden = !why;
  byId('token').value = '';
  byId('token').focus();
}

const WORDS = {
  0: 'The server cannot be reached. Is the controller up, and the way to it (kubectl proxy, port-forward) still open?',
  403: 'Your token may not read this. The ClusterRole landwaiter-view has the rights; a binding of one namespace is not enough, images are the cluster’s.',
  404: 'There is no such thing here (any more).',
  429: 'You ask too often.',
};

function problem(error) {
  if (!(error instanceof Refused)) {
    reportError(error);
    return element('p', { class: 'notice', role: 'alert' }, 'This page has a fault and cannot show it. The browser’s console says which.');
  }
  const words = WORDS[error.status] || 'The server could not answer.';
  const wait = error.seconds && (error.status === 429 || error.status === 503) ? ` Try again in ${error.seconds} s.` : '';
  const again = element('button', { type: 'button' }, 'Try again');
  again.onclick = show;
  return element('div', { class: 'notice', role: 'alert' },
    element('p', {}, element('strong', {}, words + wait)),
    element('p', {}, `${error.detail}${error.status ? ` (${error.status} ${error.reason})` : ''}`), again);
}

/** The words for an error; a token that counts no more ends everything. */
function failed(error, signal) {
  if (signal.aborted) return null;
  if (error instanceof Refused && error.status === 401) {
    signOut(hasToken() ? 'This token is not accepted: it is none of this cluster, or it has expired.' : '');
    return null;
  }
  return problem(error);
}

function contextOf(params, signal) {
  return {
    params,
    say,
    ask: (path, query = {}) => ask(path, query, { signal, waiting: (seconds) => say(`The server asks to wait ${seconds} s.`) }),
    /** What a part of a place asks by itself: refused, it says so there, and the rest stands. */
    part: async (load) => {
      try {
        return await load();
      } catch (error) {
        if (error instanceof Refused && error.status !== 401) return problem(error);
        throw error;
      }
    },
    /** Work that begins after the place is shown. */
    guard: async (work, after = () => {}) => {
      try {
        await work();
        say('');
      } catch (error) {
        const words = failed(error, signal);
        if (words) content.append(words);
        after();
      }
    },
  };
}

/** Whoever sends an address has written what stands in it. */
const paramsOf = (search) => new URLSearchParams([...new URLSearchParams(search)].map(([name, value]) => [name, printable(value)]));

async function show() {
  current.abort();
  current = new AbortController();
  const { signal } = current;
  const [path, search] = location.hash.replace(/^#\/?/, '').split('?');
  const place = PLACES.get(path) || overview;
  for (const one of byId('places').children) {
    const here = one.getAttribute('href') === `#/${path}`;
    if (here) one.setAttribute('aria-current', 'page'); else one.removeAttribute('aria-current');
  }
  say('Loading…');
  content.setAttribute('aria-busy', 'true');
  try {
    const made = await place(contextOf(paramsOf(search), signal));
    if (signal.aborted) return;
    content.replaceChildren(...made);
    signedIn(true);
    say('');
    document.title = `${content.querySelector('h1').textContent} – Landwaiter`;
  } catch (error) {
    const words = failed(error, signal);
    if (!words) return;
    content.replaceChildren(words);
    signedIn(hasToken() || byProxy);
    say('');
  } finally {
    if (!signal.aborted) content.removeAttribute('aria-busy');
  }
}

byId('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const given = byId('token').value;
  byId('token').value = '';
  if (!takeToken(given)) return signOut('That is no token: one has letters, digits and -._~+/= alone.');
  byId('login').hidden = true;
  content.focus();
  return show();
});
byId('leave').addEventListener('click', () => signOut(''));
byId('again').addEventListener('click', show);
// Not a change of place: the address of one stays as it is.
document.querySelector('.skip').addEventListener('click', (event) => { event.preventDefault(); content.focus(); });
addEventListener('hashchange', () => {
  if (!hasToken() && !byProxy) return;
  content.focus();
  scrollTo(0, 0);
  show();
});

// Nobody has typed a token yet: answered, or refused by name, somebody on the way has one.
try {
  await ask('images', { limit: 1 }, { signal: current.signal });
  byProxy = true;
} catch (error) {
  byProxy = error instanceof Refused && error.status === 403;
  if (!byProxy && error instanceof Refused && error.status !== 401) content.replaceChildren(problem(error));
  else if (!byProxy) signOut('');
}
if (byProxy) await show();
