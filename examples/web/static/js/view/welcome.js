// Choosing a name.

import { explain } from '../problem.js';
import { byId } from './dom.js';

/**
 * Asks for a name until the server has taken one.
 * @param {string} name what stands in the field
 * @param {string} why what is said above it, or nothing
 * @param {(name: string) => Promise<{user: object}>} register
 * @returns {Promise<object>} the answer of register
 */
export function askName(name, why, register) {
  const form = byId('welcome-form');
  const input = byId('name');
  const error = byId('welcome-error');
  const button = form.querySelector('button');
  byId('welcome').hidden = false;
  if (why) byId('welcome-lead').textContent = why;
  input.value = name;
  input.focus();
  input.select();
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const chosen = input.value.trim();
      if (!chosen) return;
      button.disabled = true;
      error.textContent = '';
      try {
        const answer = await register(chosen);
        byId('welcome').hidden = true;
        resolve(answer);
      } catch (problem) {
        error.textContent = problem.code === 'invalid_field' ? 'A name has 1 to 50 characters.' : explain(problem);
        input.focus();
      } finally {
        button.disabled = false;
      }
    };
  });
}
