// The buttons that open something beside the conversation, or above it.

import { byId } from './dom.js';
import { icon } from './icons.js';
import { newRoom } from './newroom.js';
import { hideNotice } from './notice.js';
import { roomSettings } from './settings.js';

/**
 * @param {import('./panel.js').Panel} panel
 * @param {{me: {id: string, name: string}, actions: any, state: () => any, drawer: () => void}} screen
 *   state is what is shown of the open room, or nothing; drawer closes the list of rooms
 */
export function listen(panel, { me, actions, state, drawer }) {
  for (const [id, name] of Object.entries({ 'open-search': 'search', 'open-mentions': 'at', 'open-settings': 'settings', 'new-room': 'plus' })) {
    byId(id).append(icon(name));
  }
  byId('people-button').addEventListener('click', () => {
    if (!panel.toggle('members')) return;
    actions.refresh();
    actions.look();
  });
  byId('open-search').addEventListener('click', () => panel.toggle('search'));
  byId('open-mentions').addEventListener('click', () => {
    drawer();
    if (panel.toggle('mentions')) actions.openMentions();
  });
  byId('open-settings').addEventListener('click', () => state() && roomSettings(state().room, state().rights, actions.desk));
  byId('new-room').addEventListener('click', () => {
    hideNotice();
    newRoom({ known: actions.known, me, create: (fields, key) => actions.desk.create(fields, key).then(drawer) });
  });
  byId('search-form').addEventListener('submit', (event) => {
    event.preventDefault();
    actions.find(byId('search-words').value.trim());
  });
}
