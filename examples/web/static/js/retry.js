// Requests that are repeated until they are answered, one way or the other.

import { Backoff } from './backoff.js';

/**
 * Repeats a request as long as it fails in a way that may pass.
 * @template T
 * @param {() => Promise<T>} request
 * @param {() => boolean} wanted whether the answer is still of interest
 * @returns {Promise<T>} fails with the error that is for good
 */
export async function retry(request, wanted = () => true) {
  const backoff = new Backoff();
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!error.transient || !wanted()) throw error;
      await pause(Math.max(error.retryAfter * 1000, backoff.next()));
    }
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
