// Who looks, where they are, and what is drawn.
import { Refused, logOut, may, session } from './core/api.js';
import { h, text } from './core/dom.js';
import { themeSwitch } from './core/theme.js';
import { fleetPage } from './pages/fleet.js';
import { jobPage } from './pages/job.js';
import { loginPage } from './pages/login.js';
import { toast } from './core/dialogs.js';

const main = document.getElementById('main');
let page = null;
let me = null;

const words = { live: 'live', waiting: 'reconnecting', over: 'ended' };

const shell = {
  state(state) {
    const live = document.getElementById('live');
    live.dataset.state = state ?? '';
    text(live, words[state] ?? '');
  },
  /** Says where one is: a list of [text, address], the last without an address. */
  crumbs(parts) {
    document.getElementById('crumbs').replaceChildren(...parts.map(([label, address]) => address ? h('a', { href: address }, label) : h('span', { 'aria-current': 'page' }, label)));
    document.title = parts.length > 0 ? `${parts.at(-1)[0]} · Parcae` : 'Parcae';
  },
  /** A stream was refused: by a service that is starting, or because the session is over. */
  async refused() {
    try {
      const now = await session();
      if (now.name === null) await start();
      else route();
    } catch (e) {
      if (!(e instanceof Refused)) throw e;
      setTimeout(shell.refused, 2000);
    }
  },
};

function route() {
  page?.close?.();
  page = null;
  main.replaceChildren();
  shell.state(null);
  const job = /^#\/jobs\/([^/]+)$/.exec(location.hash);
  page = job ? jobPage(main, decodeURIComponent(job[1]), me, shell) : fleetPage(main, me, shell);
}

async function start() {
  page?.close?.();
  page = null;
  try {
    me = await session();
  } catch (e) {
    if (!(e instanceof Refused)) throw e;
    main.replaceChildren(h('p', { class: 'empty' }, `${e.message} Trying again.`));
    setTimeout(start, 2000);
    return;
  }
  const known = me.name !== null;
  text(document.getElementById('who'), known ? `${me.name} · ${me.role}` : '');
  document.getElementById('who').hidden = !known;
  document.getElementById('logout').hidden = !known || !me.canLogIn;
  document.getElementById('orleans').hidden = !known || !may(me.role, 'admin');
  if (known) route();
  else {
    shell.crumbs([]);
    shell.state(null);
    page = loginPage(main, me, start);
  }
}

document.getElementById('logout').addEventListener('click', async () => {
  try {
    await logOut();
    await start();
  } catch (e) {
    toast(e.message, true);
  }
});
document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault();
  main.focus();
});
window.addEventListener('hashchange', () => {
  if (me === null || me.name === null) return;
  route();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
themeSwitch(document.getElementById('theme'));
start();
