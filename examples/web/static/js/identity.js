// Who is chatting. The server knows it by its cookie, which no script can
// read; here are kept the name and the id, to show and to tell one's own
// messages from those of others.

const place = 'chat.me';

/** @typedef {{id: string, name: string}} User */

/** The user of this browser, or null. @returns {User | null} */
export function remembered() {
  const user = read();
  return user?.id ? user : null;
}

/** The last name that was used here, also after it was signed out. */
export function lastName() {
  return read()?.name ?? '';
}

/** @param {User} user */
export function remember({ id, name }) {
  localStorage.setItem(place, JSON.stringify({ id, name }));
}

/** Forgets the user but for the name. */
export function forget() {
  localStorage.setItem(place, JSON.stringify({ name: lastName() }));
}

/** Calls back when another tab has changed the user. */
export function onChanged(callback) {
  addEventListener('storage', (event) => {
    if (event.key === place) callback(remembered());
  });
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(place));
  } catch {
    return null;
  }
}
