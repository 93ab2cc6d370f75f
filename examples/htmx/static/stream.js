// The browser resumes an event stream by itself, from the last id that it saw,
// until a server answers with an error. Then the htmx extension opens a new one
// at its old address; so the address must keep up with what was seen.
document.addEventListener('htmx:sseMessage', ({detail, target}) => {
  const source = target.closest('[sse-connect]');
  if (!source || !detail.lastEventId) return;
  const [path, query] = source.getAttribute('sse-connect').split('?');
  const params = new URLSearchParams(query);
  params.set('after', detail.lastEventId);
  source.setAttribute('sse-connect', `${path}?${params}`);
});

// Enter sends, Shift+Enter begins a new line. The answer may bring new fields
// before the key press is over: its character does not belong into them either.
const sends = ({target, key, shiftKey, isComposing}) => target.id === 'text' && key === 'Enter' && !shiftKey && !isComposing;
document.addEventListener('keydown', (event) => {
  if (!sends(event)) return;
  event.preventDefault();
  if (!event.repeat) event.target.form.requestSubmit();
});
document.addEventListener('keypress', (event) => {
  if (sends(event)) event.preventDefault();
});

// The newest message is in sight.
const scroll = () => document.querySelector('#messages')?.lastElementChild?.scrollIntoView({block: 'end'});
document.addEventListener('htmx:sseMessage', scroll);
document.addEventListener('DOMContentLoaded', scroll);

// New fields take the place of those that were sent, and of their focus.
document.addEventListener('htmx:afterRequest', ({target}) => {
  if (target.id === 'composer') document.querySelector('#text').focus();
});
