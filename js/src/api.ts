// The HTTP half: who asks, commands and queries, and the beginning of streams.

import { ChatError, lost, problem } from './errors.js';
import type { Credential, Options } from './types.js';
import { onAbort } from './wait.js';

const patience = 20_000; // ms for an answer

export interface Call {
  query?: object;
  body?: object;
  key?: string;
  signal?: AbortSignal;
  /** The answer is a stream: only its beginning is waited for. */
  stream?: boolean;
}

export interface Api {
  address(path: string, query?: object): URL;
  /** The token to show. With refused, another one than that. Nothing is known where it is undefined. */
  token(refused?: string): Promise<string | undefined>;
  call(method: string, path: string, options?: Call): Promise<any>;
}

/** Calls expiring where it is told when a token ends, in ms since 1970. */
export const makeApi = (o: Options, expiring: (at: number) => void): Api => {
  const root = new URL(o.url, (globalThis as any).document?.baseURI);
  root.pathname = root.pathname.replace(/\/?$/, '/');
  let got: Promise<string> | undefined;

  const address = (path: string, query: object = {}) => {
    const url = new URL(path, root);
    for (const [name, value] of Object.entries(query)) {
      for (const one of [value].flat()) if (one != null) url.searchParams.append(name, one);
    }
    return url;
  };

  const ask = async (refresh: boolean) => {
    const given = typeof o.token == 'function' ? await o.token({ refresh }) : refresh ? '' : o.token;
    const { token, expires }: Partial<Credential> = typeof given == 'string' ? { token: given } : (given ?? {});
    if (expires) expiring(+expires);
    return token ?? '';
  };

  // Several that are refused at once get one new token, all the same.
  const token = async (refused?: string) => {
    if (o.token === undefined) return;
    const before = got;
    const known = await before?.catch(() => '');
    if (got === before && (!known || known === refused)) got = ask(refused !== undefined);
    return got;
  };

  /** `refused` is the token that the server has refused already: the call is made once more with another. */
  const call = async (method: string, path: string, options: Call = {}, refused?: string): Promise<any> => {
    const { query, body, key, signal, stream } = options;
    const headers: Record<string, string> = {};
    const controller = new AbortController();
    const off = onAbort(signal, (why) => controller.abort(why));
    const timer = setTimeout(() => controller.abort(lost('no answer')), patience);
    let bearer: string | undefined, response: Response, text: string;
    try {
      bearer = await token(refused);
      if (!bearer && refused !== undefined) throw problem({ status: 401 });
      if (bearer) headers.Authorization = 'Bearer ' + bearer;
      if (body) headers['Content-Type'] = 'application/json';
      if (key) headers['Idempotency-Key'] = key;
      response = await (o.fetch ?? fetch)(address(path, query), {
        method, headers, body: body && JSON.stringify(body), signal: controller.signal, credentials: 'include', cache: 'no-store',
      });
      if (stream && response.ok) return response.body;
      text = await response.text();
      // What was cut short, or is a proxy's page, is no answer: some browsers show it as whole.
      if (response.ok) return response.status == 204 ? {} : JSON.parse(text);
    } catch (cause) {
      signal?.throwIfAborted();
      throw cause instanceof ChatError ? cause : lost(cause as string); // an Error takes its text
    } finally {
      clearTimeout(timer);
      // That of a stream ends with the caller's signal.
      if (!stream) off();
    }
    const { status } = response;
    let answer: any;
    try {
      answer = JSON.parse(text);
    } catch {} // nothing, or a proxy's page
    if (status == 401 && o.token !== undefined && refused === undefined) return call(method, path, options, bearer ?? '');
    throw problem(answer, status, response.headers.get('Retry-After'));
  };

  return { address, token, call };
};
