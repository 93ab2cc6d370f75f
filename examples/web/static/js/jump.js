// The way to a message, which may be far back, or in a thread.

const far = 10; // pages of 200 that are loaded to get there

/**
 * @param {import('./timeline.js').Timeline} timeline of the open room
 * @param {string} id of the message
 * @param {{here: () => any, older: (limit: number) => Promise<boolean>, paint: () => void, screen: import('./view/screen.js').Screen}} way
 *   whether the room is still open; loads a page
 */
export async function jump(timeline, id, { here, older, paint, screen }) {
  const missing = () => !timeline.message(id) && timeline.hasMore && timeline.first > id;
  for (let pages = 0; pages < far && missing(); pages++) {
    if (!(await older(200)) || !here()) return;
  }
  paint();
  const message = timeline.message(id);
  if (!message) return screen.note(missing() ? 'That message is too far back to go to.' : 'That message is not there any more.');
  if (!timeline.folded(message)) return screen.jump(id);
  await screen.thread(message.thread);
  paint();
  screen.jump(id);
}
