import { type Open } from './link.js';
export declare const openSocket: Open;
