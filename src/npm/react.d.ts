import type { FunctionComponent, PropsWithChildren } from 'react';
import type { Failure, Tracker, TrackerOptions } from './headwater.js';

/** Starts the tracker for everything below it. Options are read once. */
export const HeadwaterProvider: FunctionComponent<PropsWithChildren<TrackerOptions>>;

/** The tracker of the nearest provider: undefined until it has started, and on a server. */
export function useHeadwater(): { tracker?: Tracker; error?: Failure };
