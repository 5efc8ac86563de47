// A server component: it imports the package where there is no window.
import { checkoutContext, createTracker } from 'headwater';
import { Signup } from './signup';

export default async function Page() {
  const refusal = await createTracker({ endpoint: 'https://go.example.com', key: 'pk_test_example' }).catch(
    (error: { code: string }) => error.code,
  );
  return (
    <main>
      <output id="server">{checkoutContext('server-1').recurly.account_code} {String(refusal)}</output>
      <Signup />
    </main>
  );
}
