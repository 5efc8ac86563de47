import type { FunctionComponent, PropsWithChildren } from 'react';
import type { Failure, Tracker, TrackerOptions } from './headwater.js';
import type { ModuleSource } from './index.js';

/**
 * Starts the tracker for everything below it, in the browser. Options are read once, and there is one tracker for each
 * page: `<HeadwaterProvider options={{ endpoint: 'https://go.example.com', key: 'pk_…' }}>`.
 */
export const HeadwaterProvider: FunctionComponent<
  PropsWithChildren<{ options: TrackerOptions & { wasm?: ModuleSource } }>
>;

/**
 * The tracker of the nearest provider. Both members are undefined until it has started, on a server, and without a
 * provider; `error` says why it could not start.
 */
export function useHeadwater(): { tracker?: Tracker; error?: Failure };
