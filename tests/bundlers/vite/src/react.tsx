// The React entry: a provider that is mounted and removed, effects that run twice, wrong options.
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { HeadwaterProvider, useHeadwater } from 'headwater/react';

const parameters = new URLSearchParams(location.search);
const key = parameters.get('key') ?? 'pk_test_example';
const leaves = parameters.has('leave');

function Signup() {
  const { tracker, error } = useHeadwater();
  const [state, setState] = useState('');
  if (error) return <output id="error">{`${error.code} ${error.field} ${error.message}`}</output>;
  if (!tracker) return <output id="waiting" />;
  const signUp = async () => setState((await tracker.signup({ customer_key: 'react-1' })).state);
  return (
    <>
      <button id="signup" onClick={signUp}>Sign up</button>
      <output id="partner">{tracker.referral().partner_key}</output>
      <output id="state">{state}</output>
    </>
  );
}

function App() {
  const [there, setThere] = useState(true);
  // With `?leave` this effect removes the provider, long before the module is loaded.
  useEffect(() => { if (leaves) setThere(false); }, []);
  return (
    <>
      <button id="toggle" onClick={() => setThere(!there)}>Toggle</button>
      {!there && <output id="left">yes</output>}
      {there && <HeadwaterProvider options={{ endpoint: location.origin, key }}><Signup /></HeadwaterProvider>}
    </>
  );
}

createRoot(document.getElementById('root')!).render(<StrictMode><App /></StrictMode>);
