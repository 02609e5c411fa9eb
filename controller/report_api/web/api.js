// Questions to /v1, with the token of whoever has signed in. The token is in this module's memory
// and nowhere else: no storage, cookie, address or log has it.
const TRIES = 10;
const LONGEST_WAIT_SECONDS = 5;

let token = '';

/** What the server says no to; `status` 0: it did not answer. */
export class Refused extends Error {
  constructor(status, reason, detail) {
    super(detail);
    Object.assign(this, { status, reason, detail });
  }
}

// As text::Printable of the program: what an image's author wrote moves no text of the page. Lines
// and tabs are blanks here.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
export const printable = (text) => text.replace(/[\t\n\r]/g, ' ').replace(CONTROLS, '?');

export const hasToken = () => token !== '';

export function forgetToken() {
  token = '';
}

/** Takes it as it is copied: with blanks around it, or "Bearer " before. False: it is no token. */
export function takeToken(text) {
  const given = text.trim().replace(/^bearer\s+/i, '');
  // RFC 6750, section 2.1.
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(given)) return false;
  token = given;
  return true;
}

const pause = (seconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, seconds * 1000);
  signal.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
});

async function problemOf(answer) {
  try {
    const problem = await answer.json();
    return new Refused(answer.status, String(problem.reason), printable(String(problem.detail)));
  } catch {
    return new Refused(answer.status, '', `it answered ${answer.status} without a reason`);
  }
}

function waitOf(answer) {
  const seconds = Number(answer.headers.get('Retry-After'));
  return seconds > 0 ? seconds : 1;
}

/**
 * GET v1/PATH with these parameters; empty ones are left out. Waits where the server asks to
 * (`waiting` is told for how many seconds), and asks again where another replica knows.
 * Throws Refused, or the signal's reason.
 */
export async function ask(path, params, { signal, waiting = () => {} }) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== '' && value !== undefined));
  const address = `v1/${path}${query.size ? `?${query}` : ''}`;
  // Not Authorization: the API server's proxy takes that for itself.
  const headers = token ? { 'Landwaiter-Authorization': `Bearer ${token}` } : {};
  for (let tried = 1; ; tried += 1) {
    let answer;
    try {
      answer = await fetch(address, { headers, signal, cache: 'no-store', redirect: 'error' });
      if (answer.ok) return JSON.parse(await answer.text(), (_, value) => (typeof value === 'string' ? printable(value) : value));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new Refused(0, '', error instanceof SyntaxError ? 'what it answered is not JSON' : 'the server did not answer');
    }
    const refused = await problemOf(answer);
    const passes = answer.status === 429 || refused.reason === 'NotTheLeader' || refused.reason === 'Overloaded';
    const seconds = waitOf(answer);
    if (!passes || tried === TRIES || seconds > LONGEST_WAIT_SECONDS) throw Object.assign(refused, { seconds });
    waiting(seconds);
    await pause(seconds, signal);
  }
}
