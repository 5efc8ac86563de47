// The package without a framework, as its README describes it.
import { checkoutContext, createTracker, type Checkout, type Failure, type Report } from 'headwater';

const show = (id: string, text: string) => {
  document.getElementById(id)!.textContent = text;
};

const explain = (error: unknown) => {
  const { code, field, message } = error as Failure;
  return `${code} ${field} ${message}`;
};
const options = { endpoint: location.origin, key: 'pk_test_example' };

if (new URLSearchParams(location.search).has('broken')) {
  await createTracker({ ...options, wasm: '/nothing.wasm' }).catch((error: Failure) => show('error', error.code));
}
const [tracker, same] = await Promise.all([
  createTracker({ ...options, endpoint: `${location.origin}/` }),
  createTracker(options),
]);
if (tracker !== same) show('error', 'two trackers');
await createTracker({ ...options, key: 'pk_test_other' }).catch((error: unknown) => show('other', explain(error)));
show('partner', tracker.referral().partner_key ?? 'nobody');

document.getElementById('signup')!.addEventListener('click', async () => {
  const report: Report = await tracker.signup({ customer_key: 7, email: 'jane@buyer.example', plan: 'team' });
  show('state', report.state);
});

document.getElementById('wrong')!.addEventListener('click', async () => {
  const product = { product_book_key: 'seats', external_subscription_key: checkoutContext('7').recurly.account_code };
  const checkout: Checkout = { customer_key: '7', products: [product, { ...product, amount: 19.99 }] };
  try {
    await tracker.trackCheckout(checkout);
  } catch (error) {
    show('error', explain(error));
  }
});
