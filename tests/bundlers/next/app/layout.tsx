import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { Tracking } from './tracking';

export const metadata: Metadata = { title: 'Next', icons: 'data:,' };

export default function Layout({ children }: { children: ReactNode }) {
  return <html lang="en"><body><Tracking>{children}</Tracking></body></html>;
}
