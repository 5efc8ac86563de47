'use client';
// A provider and a hook; the tracker starts in an effect, so that server rendering is left alone.
import { createContext, createElement, useContext, useEffect, useState } from 'react';
import { createTracker } from './index.js';

const NOTHING = { tracker: undefined, error: undefined };
const Context = createContext(NOTHING);

// `options` is one property, because React does not pass on a property called `key`.
/** Starts the tracker for everything below it. Options are read once. */
export function HeadwaterProvider({ children, options }) {
  const [state, setState] = useState(NOTHING);
  useEffect(() => {
    let gone = false;
    const set = (state) => { if (!gone) setState(state); };
    createTracker(options).then(
      (tracker) => set({ tracker, error: undefined }),
      (error) => set({ tracker: undefined, error }),
    );
    return () => { gone = true; };
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return createElement(Context.Provider, { value: state }, children);
}

/** The tracker of the nearest provider: `tracker` is undefined until it has started. */
export function useHeadwater() {
  return useContext(Context);
}
