let last = 0;

/**
 * A new idempotency key: 50 bits of time and 80 of chance in base 32. Keys of one
 * page rise, so what was kept is sent in the order in which it was typed.
 */
export const newKey = (now = Date.now()): string => {
  last = Math.max(now, last + 1);
  const chance = crypto.getRandomValues(new Uint8Array(16));
  return last.toString(32).padStart(10, '0') + Array.from(chance, (byte) => (byte % 32).toString(32)).join('');
};
