// The login: a token is pasted once, and a cookie that no script can read stands for it from then on.
import { logIn } from '../core/api.js';
import { h, text } from '../core/dom.js';

export function loginPage(main, me, done) {
  if (!me.canLogIn) {
    main.replaceChildren(h('section', { class: 'login card' },
      h('h1', {}, 'This service answers its own machine only'),
      h('p', {}, 'No tokens are configured, so nothing is shown to anybody who is elsewhere, or asks for it by another name than localhost. Start the control silo with --api-token-file to look at it from here.')));
    return {};
  }
  const wrong = h('p', { class: 'wrong', role: 'alert' });
  const token = h('input', { id: 'token', type: 'password', autocomplete: 'off', required: true, spellcheck: 'false', 'aria-describedby': 'token-note' });
  const button = h('button', { class: 'button solid' }, 'Log in');
  main.replaceChildren(h('section', { class: 'login card' },
    h('h1', {}, 'Log in'),
    h('form', {
      onsubmit: async event => {
        event.preventDefault();
        button.disabled = true;
        text(wrong, '');
        try {
          await logIn(token.value);
          token.value = '';
          await done();
        } catch (e) {
          text(wrong, e.message);
          token.select();
        } finally {
          button.disabled = false;
        }
      },
    },
    h('label', { for: 'token' }, 'Token'), token,
    h('p', { id: 'token-note', class: 'note' }, 'From the service’s token file. What you may do depends on its role.'), wrong, button)));
  token.focus();
  return {};
}
