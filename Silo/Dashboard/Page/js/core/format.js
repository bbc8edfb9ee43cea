// Numbers and times for people.
export const number = (value, digits = 0) => value === null || value === undefined || !Number.isFinite(value) ? '–'
  : value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

export const rate = value => value === null || value === undefined ? '–' : number(value, value >= 100 ? 0 : value >= 10 ? 1 : 2);

export const loss = value => number(value, 4);

export const usd = value => value === null || value === undefined ? '–' : `$${number(value, value >= 100 ? 0 : value >= 1 ? 2 : 4)}`;

export function bytes(value) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  while (value >= 1000 && i < units.length - 1) {
    value /= 1000;
    i++;
  }
  return `${number(value, i === 0 || value >= 100 ? 0 : 1)} ${units[i]}`;
}

export function ms(value) {
  if (value >= 10000) return duration(value / 1000);
  if (value > 0 && value < 0.1) return '< 0.1 ms';
  return value >= 1000 ? `${number(value / 1000, 1)} s` : value >= 10 || value === 0 ? `${number(value)} ms` : `${number(value, 1)} ms`;
}

export function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds % 86400 / 3600)} h`;
}

export const ago = at => {
  const seconds = Math.max(0, (Date.now() - new Date(at)) / 1000);
  return seconds < 5 ? 'just now' : `${duration(seconds)} ago`;
};

export const clock = at => new Date(at).toLocaleTimeString('en', { hour12: false });

export const count = value => value >= 1e9 ? `${number(value / 1e9, 1)} billion` : value >= 1e6 ? `${number(value / 1e6, 1)} million` : number(value);

export const strategy = (pipelines, depth) => pipelines > 0 ? `${pipelines} × ${depth}` : '–';

export const kinds = {
  start: 'start',
  resume: 'resume',
  intraStage: 'intra-stage',
  interStage: 'inter-stage',
  pipeline: 'pipeline',
};
