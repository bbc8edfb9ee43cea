// Light, dark, or as the system has it.
import { h, s } from './dom.js';

const order = ['auto', 'light', 'dark'];
const names = { auto: 'as the system', light: 'light', dark: 'dark' };
const pictures = {
  auto: () => s('svg', { viewBox: '0 0 20 20', 'aria-hidden': 'true' }, s('circle', { cx: 10, cy: 10, r: 6.5, class: 'stroke' }), s('path', { d: 'M10 3.5a6.5 6.5 0 0 1 0 13z' })),
  light: () => s('svg', { viewBox: '0 0 20 20', 'aria-hidden': 'true' }, s('circle', { cx: 10, cy: 10, r: 3.6 }),
    s('path', { class: 'stroke', d: 'M10 1.5v2.4M10 16.1v2.4M1.5 10h2.4M16.1 10h2.4M4 4l1.7 1.7M14.3 14.3 16 16M4 16l1.7-1.7M14.3 5.7 16 4' })),
  dark: () => s('svg', { viewBox: '0 0 20 20', 'aria-hidden': 'true' }, s('path', { d: 'M16.5 12.3A7 7 0 0 1 7.7 3.5a7 7 0 1 0 8.8 8.8z' })),
};

const now = () => order.includes(localStorage.getItem('parcae-theme')) ? localStorage.getItem('parcae-theme') : 'auto';

export function themeSwitch(button) {
  const show = () => {
    const theme = now();
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.replaceChildren(pictures[theme](), h('span', { class: 'hidden' }, `Theme: ${names[theme]}`));
    button.title = `Theme: ${names[theme]}`;
  };
  button.addEventListener('click', () => {
    localStorage.setItem('parcae-theme', order[(order.indexOf(now()) + 1) % order.length]);
    show();
  });
  show();
}
