import type { Signalled } from './types.js';
/** An EventTarget whose events are CustomEvents, typed by what their `detail` is. */
export declare class Emitter<Events> extends EventTarget {
    /** Calls a listener with the detail of each event of a type. Returns what ends that. */
    on<T extends keyof Events & string>(type: T, listener: (detail: Events[T]) => void, options?: Signalled): () => void;
}
export interface Emitter<Events> {
    addEventListener<T extends keyof Events & string>(type: T, listener: (event: CustomEvent<Events[T]>) => void, options?: AddEventListenerOptions | boolean): void;
    addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: AddEventListenerOptions | boolean): void;
}
