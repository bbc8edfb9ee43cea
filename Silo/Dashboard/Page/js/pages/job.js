// One job, live.
import { ask, may, post } from '../core/api.js';
import { confirm, toast } from '../core/dialogs.js';
import { h, text } from '../core/dom.js';
import { count, loss, number, rate, strategy, usd } from '../core/format.js';
import { Live } from '../core/live.js';
import { JobCharts } from '../charts/jobcharts.js';
import { Events } from '../parts/events.js';
import { Figures } from '../parts/figures.js';
import { Grid } from '../parts/grid.js';
import { pill, setPill } from '../parts/pill.js';
import { Reconfigurations } from '../parts/reconfigurations.js';

const ended = ['completed', 'cancelled', 'failed'];

export function jobPage(main, id, me, shell) {
  shell.crumbs([['Fleet', '#/'], [id, null]]);
  const path = `/jobs/${encodeURIComponent(id)}`;
  const phase = pill();
  const reason = h('span', { class: 'reason' });
  const model = h('p', { class: 'sub' });
  const figures = new Figures(['Step', 'Loss', 'Samples per second', 'Strategy', 'Cost']);
  const grid = new Grid();
  const charts = h('div', { class: 'charts' });
  const reconfigurations = new Reconfigurations(path);
  const events = new Events('Nothing has happened yet.');
  const actions = Actions(path, id, me);
  main.replaceChildren(
    h('header', { class: 'title' }, h('div', {}, h('h1', {}, id), model, h('p', { class: 'state' }, phase, reason)), actions.element),
    figures.element,
    h('section', { class: 'card', 'aria-labelledby': 'grid-title' }, h('div', { class: 'heading' }, h('h2', { id: 'grid-title' }, 'Plan'), grid.caption = h('span', { class: 'note' })), grid.element),
    h('section', { 'aria-label': 'Charts' }, charts),
    h('section', { 'aria-labelledby': 'reconfigurations-title' }, h('h2', { id: 'reconfigurations-title' }, 'Reconfigurations'), reconfigurations.element),
    h('section', { class: 'card', 'aria-labelledby': 'events-title' }, h('h2', { id: 'events-title' }, 'Events'), events.element));
  const drawn = new JobCharts(charts);

  let status = null, fleet = new Map(), series = null, closed = false, timer = 0, asking = false, seen = '';
  function show(next) {
    status = next;
    setPill(phase, status.phase);
    text(reason, status.reason ?? '');
    text(model, [status.name, status.model, status.parameters === null ? null : `${count(status.parameters)} parameters`].filter(Boolean).join(' · '));
    figures.set('Step', number(status.committedStep), status.steps === null ? 'until told to finish' : `of ${number(status.steps)}`);
    figures.set('Loss', loss(status.loss), status.validationLoss === null ? 'last committed step' : `validation ${loss(status.validationLoss)}`);
    const last = status.lastReconfiguration;
    figures.set('Samples per second', rate(status.samplesPerSecond), last ? `liveput ${rate(last.liveput)}${last.throughput === null ? '' : `, ideal ${rate(last.throughput)}`}` : '');
    figures.set('Strategy', strategy(status.plan?.pipelines ?? 0, status.plan?.depth ?? 0), status.shareReason || `may use ${number(status.share)} instances`);
    const onDemand = me.onDemandPricePerHour !== null && status.instanceHours !== null ? status.instanceHours * me.onDemandPricePerHour : null;
    figures.set('Cost', usd(status.costUsd), onDemand ? `${number(100 * (1 - status.costUsd / onDemand))}% under on demand` : 'spot instances so far');
    text(grid.caption, status.plan ? `generation ${status.plan.generation}, from step ${number(status.plan.startStep)}` : '');
    grid.set(status, fleet);
    actions.set(status);
    const now = `${status.lastInterval?.interval} ${last?.number} ${last?.pauseMilliseconds} ${status.committedStep} ${status.phase}`;
    if (now !== seen) {
      seen = now;
      due();
    }
  }

  /** The charts follow at a distance that fits their scale: a point is a four-hundredth of the job's life. */
  function due() {
    if (timer !== 0 || closed) return;
    const wait = series === null || ended.includes(status.phase) ? 50 : Math.min(60000, Math.max(1500, series.seconds * 1000 / 400));
    timer = setTimeout(() => {
      timer = 0;
      draw();
    }, wait);
  }

  async function draw() {
    if (asking || closed) return;
    asking = true;
    try {
      series = await ask(`${path}/series?points=240`);
      if (closed) return;
      drawn.set(series, status.submittedAt, me.onDemandPricePerHour);
      reconfigurations.set(series.generations, status.submittedAt);
    } catch (e) {
      shell.state('waiting');
    } finally {
      asking = false;
    }
  }

  const live = new Live(`${path}/stream`, {
    status: show,
    event: e => events.add(e.sequence, e.at, e.message, style(e.message)),
    state: shell.state,
    refused: async () => {
      try {
        await ask(path);
        shell.refused();
      } catch (e) {
        if (e.status === 404) main.replaceChildren(h('p', { class: 'empty' }, e.message, ' ', h('a', { href: '#/' }, 'All jobs')));
        else shell.refused();
      }
    },
  });
  // Zones and notices of the instances.
  const around = new Live('/stream', {
    fleet: f => {
      fleet = new Map(f.instances.map(i => [i.id, i]));
      if (status !== null) grid.set(status, fleet);
    },
    refused: () => true,
  });
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      live.close();
      around.close();
      drawn.close();
      reconfigurations.close();
    },
  };
}

const style = message => /lost|gone|failed|damaged|starting again|does not/.test(message) ? 'lost' : message.startsWith('generation ') ? 'joined' : /notice|leaves|without the state vault/.test(message) ? 'noticed' : '';

/** What may be done with the job; what the role does not allow is not there. */
function Actions(path, id, me) {
  const element = h('div', { class: 'actions' });
  if (!may(me.role, 'submitter')) return { element, set() {} };
  const button = (label, style, question, verb, done) => h('button', {
    type: 'button', class: `button ${style}`, 'data-action': verb,
    onclick: async () => {
      if (!await confirm(question)) return;
      try {
        await post(`${path}/${verb}`);
        toast(done);
      } catch (e) {
        toast(e.message, true);
      }
    },
  }, label);
  const pause = button('Pause', '', { title: `Pause ${id}?`, body: 'It stops at its next step boundary, keeps its state, and stands still until it is resumed.', action: 'Pause' }, 'pause', `${id} is asked to pause.`);
  const resume = button('Resume', 'solid', { title: `Resume ${id}?`, body: 'It goes on with the step at which it stopped.', action: 'Resume' }, 'resume', `${id} is asked to go on.`);
  const finish = may(me.role, 'admin') && button('Finish', '', { title: `Finish ${id}?`, body: 'It is completed at its next step boundary: its state is checkpointed, its instances are released. It cannot be taken back.', action: 'Finish' }, 'finish', `${id} is asked to finish.`);
  const cancel = button('Cancel', 'danger', { title: `Cancel ${id}?`, body: 'It ends for good, and its instances are released. What is not in a checkpoint is lost.', action: 'Cancel the job', danger: true }, 'cancel', `${id} is cancelled.`);
  element.append(...[pause, resume, finish, cancel].filter(Boolean));
  return {
    element,
    set(status) {
      const over = ended.includes(status.phase) || status.isEnding;
      element.hidden = ended.includes(status.phase);
      pause.hidden = status.pausedByUser;
      resume.hidden = !status.pausedByUser;
      for (const b of element.children) b.disabled = over;
    },
  };
}
