// Whom a text speaks to: an @ and the name of somebody who can be meant.

/** @typedef {{id: string, name: string}} User */

const inWord = /[\p{L}\p{N}_]/u;

/**
 * The places of a text that name somebody, in order.
 * @param {string} text
 * @param {User[]} users of two with one name the first is meant
 * @returns {{start: number, end: number, user: User}[]}
 */
export function namedIn(text, users) {
  const byLength = users.filter(({ name }) => name).sort((a, b) => b.name.length - a.name.length); // Ann Lee before Ann
  const found = [];
  for (let start = text.indexOf('@'); start >= 0; start = text.indexOf('@', start + 1)) {
    if (start > 0 && inWord.test(text[start - 1])) continue; // an e-mail address
    const rest = text.slice(start + 1);
    const user = byLength.find(({ name }) => starts(rest, name));
    if (!user) continue;
    const end = start + 1 + user.name.length;
    found.push({ start, end, user });
    start = end - 1;
  }
  return found;
}

/** Ids of those whom a text names, each once, as many as a message may carry. */
export function mentionsOf(text, users) {
  return [...new Set(namedIn(text, users).map(({ user }) => user.id))].slice(0, 64);
}

function starts(rest, name) {
  if (rest.slice(0, name.length).toLocaleLowerCase() !== name.toLocaleLowerCase()) return false;
  const [next = ''] = rest.slice(name.length);
  return !inWord.test(next);
}
