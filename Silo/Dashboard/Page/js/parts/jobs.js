// Jobs as cards.
import { h, keyed, text } from '../core/dom.js';
import { ago, loss, number, rate, strategy, usd } from '../core/format.js';
import { setPill } from './pill.js';

export class Jobs {
  constructor() {
    this.list = h('ul', { class: 'jobs' });
    this.empty = h('p', { class: 'empty' }, 'No job yet. ', h('code', {}, 'parcae jobs submit job.yaml'), ' submits one.');
    this.element = h('div', {}, this.empty, this.list);
  }

  set(jobs) {
    this.empty.hidden = jobs.length > 0;
    keyed(this.list, jobs, j => j.jobId, j => this.make(j), (item, j) => {
      const part = name => item.querySelector(`[data-part=${name}]`);
      setPill(part('phase'), j.phase);
      text(part('model'), [j.model, j.reason].filter(Boolean).join(' · '));
      text(part('steps'), j.steps === null ? `step ${number(j.committedStep)}` : `step ${number(j.committedStep)} of ${number(j.steps)}`);
      part('bar').hidden = j.steps === null;
      part('bar').firstElementChild.style.setProperty('width', `${j.steps ? Math.min(100, 100 * j.committedStep / j.steps) : 0}%`);
      text(part('strategy'), strategy(j.pipelines, j.depth));
      text(part('loss'), loss(j.loss));
      text(part('speed'), rate(j.samplesPerSecond));
      text(part('cost'), usd(j.costUsd));
      text(part('age'), `submitted ${ago(j.submittedAt)}`);
    });
  }

  make(j) {
    const figure = (name, part) => h('div', {}, h('dt', {}, name), h('dd', { 'data-part': part }));
    return h('li', { class: 'card job' },
      h('div', { class: 'top' }, h('h3', {}, h('a', { href: `#/jobs/${encodeURIComponent(j.jobId)}`, class: 'cover' }, j.jobId)), h('span', { class: 'pill', 'data-part': 'phase' })),
      h('p', { class: 'note', 'data-part': 'model' }),
      h('div', { class: 'progress' }, h('span', { 'data-part': 'steps' }), h('span', { class: 'note', 'data-part': 'age' })),
      h('div', { class: 'track', 'data-part': 'bar' }, h('i')),
      h('dl', {}, figure('strategy', 'strategy'), figure('loss', 'loss'), figure('samples/s', 'speed'), figure('cost', 'cost')));
  }
}
