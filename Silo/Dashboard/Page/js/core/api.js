// The service's API. A browser sends the session's cookie by itself.
const root = '/api/v1';

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export async function ask(path, options) {
  let response;
  try {
    response = await fetch(root + path, { credentials: 'same-origin', ...options });
  } catch {
    throw new Refused(0, 'The service does not answer.');
  }
  if (response.status === 204) return null;
  const type = response.headers.get('Content-Type') ?? '';
  const body = type.includes('json') ? await response.json() : null;
  if (response.ok) return body;
  throw new Refused(response.status, body?.detail ?? `The service answered ${response.status}.`);
}

export const post = (path, body) => ask(path, {
  method: 'POST',
  headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
  body: body === undefined ? undefined : JSON.stringify(body),
});

export const session = () => ask('/session');
export const logIn = token => post('/session', { token });
export const logOut = () => ask('/session', { method: 'DELETE' });

const roles = ['viewer', 'submitter', 'admin'];
/** Whether somebody with a role may do what takes another. */
export const may = (role, needed) => roles.indexOf(role) >= roles.indexOf(needed);
