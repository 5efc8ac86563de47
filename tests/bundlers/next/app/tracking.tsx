'use client';
// The provider of every page. On the server it renders its children and nothing else.
import type { ReactNode } from 'react';
import { HeadwaterProvider } from 'headwater/react';

export function Tracking({ children }: { children: ReactNode }) {
  const endpoint = typeof window === 'undefined' ? '' : window.location.origin;
  return <HeadwaterProvider options={{ endpoint, key: 'pk_test_example' }}>{children}</HeadwaterProvider>;
}
