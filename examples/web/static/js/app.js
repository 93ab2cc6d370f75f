// The page starts here: who is it, and which room.

import { connect, takeOver } from './client.js';
import { Controller } from './controller.js';
import * as identity from './identity.js';
import { askName } from './view/welcome.js';

const lastRoom = 'chat.room';
const reason = 'chat.signed-out';

const client = connect(new URLSearchParams(location.search).has('sse'));
const me = identity.remembered() ?? (await welcome());
const chat = new Controller(client, me, { opened, signOut });

addEventListener('hashchange', () => roomOfAddress() && chat.open(roomOfAddress()));
identity.onChanged((user) => user?.id !== me.id && location.reload());
chat.start(roomOfAddress() || localStorage.getItem(lastRoom));

/** The room that is open stands in the address, and is opened again next time. */
function opened(room) {
  localStorage.setItem(lastRoom, room);
  if (roomOfAddress() === '') history.replaceState(null, '', `#${room}`);
  else if (roomOfAddress() !== room) history.pushState(null, '', `#${room}`);
}

function roomOfAddress() {
  return location.hash.slice(1);
}

async function welcome() {
  const why = sessionStorage.getItem(reason) ?? '';
  sessionStorage.removeItem(reason);
  const { user } = await askName(identity.lastName(), why, (name) => client.call('POST', 'guest', { body: { name } }));
  identity.remember(user);
  takeOver();
  return user;
}

/** Back to the choice of a name. The name is kept, and so are messages that were not sent yet. */
function signOut(why) {
  identity.forget();
  if (why) sessionStorage.setItem(reason, why);
  location.reload();
}
