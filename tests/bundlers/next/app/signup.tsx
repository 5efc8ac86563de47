'use client';
import { useState } from 'react';
import { useHeadwater } from 'headwater/react';

export function Signup() {
  const { tracker, error } = useHeadwater();
  const [state, setState] = useState('');
  if (error) return <output id="error">{error.message}</output>;
  if (!tracker) return null;
  const signUp = async () => setState((await tracker.signup({ customer_key: 'next-1' })).state);
  return (
    <>
      <button id="signup" onClick={signUp}>Sign up</button>
      <output id="partner">{tracker.referral().partner_key}</output>
      <output id="state">{state}</output>
    </>
  );
}
