// Times as people write them, in the language of the browser.

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const date = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dateOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

/** @param {Date} time */
export const timeOfDay = (time) => clock.format(time);

/** @param {Date} time */
export const inFull = (time) => full.format(time);

/** A text that is the same for all times of one local day. @param {Date} time */
export const dayOf = (time) => time.toDateString();

/** The heading of a day: today, yesterday, Tuesday, Tuesday, 3 March. @param {Date} time */
export function dayName(time, now = new Date()) {
  const days = daysBetween(time, now);
  if (days <= 1) return capital(relative.format(-days, 'day'));
  if (days < 7) return capital(weekday.format(time));
  return time.getFullYear() === now.getFullYear() ? date.format(time) : dateOfYear.format(time);
}

/** A time in a list: the clock today, the date before. @param {Date} time */
export function briefly(time, now = new Date()) {
  return daysBetween(time, now) === 0 ? timeOfDay(time) : short.format(time);
}

function daysBetween(earlier, later) {
  const midnight = (time) => Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
  return Math.max(0, Math.round((midnight(later) - midnight(earlier)) / 86_400_000));
}

const capital = (text) => text[0].toLocaleUpperCase() + text.slice(1);
