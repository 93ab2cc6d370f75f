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

// Enter sends, Shift+Enter begins a new line.
document.addEventListener('keydown', (event) => {
  if (event.target.id !== 'text' || event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

// The newest message is in sight.
const scroll = () => document.querySelector('#messages')?.lastElementChild?.scrollIntoView({block: 'end'});
document.addEventListener('htmx:sseMessage', scroll);
document.addEventListener('DOMContentLoaded', scroll);

// New fields take the place of those that were sent, and of their focus.
document.addEventListener('htmx:afterRequest', ({target}) => {
  if (target.id === 'composer') document.querySelector('#text').focus();
});
