// Idempotency keys. A command keeps its key over every retry, so that the
// server carries it out once. Keys are ULIDs: ordered by time, so that keys of
// the same hour lie side by side in the server's index.

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** @returns {string} 26 characters: 48 bits of time, 80 of chance */
export function newKey(now = Date.now()) {
  let time = '';
  for (let rest = now, i = 0; i < 10; i++) {
    time = alphabet[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  const chance = crypto.getRandomValues(new Uint8Array(16));
  return time + Array.from(chance, (byte) => alphabet[byte % 32]).join('');
}
