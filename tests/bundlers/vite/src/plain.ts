// The package without a framework, as its README says it.
import { checkoutContext, createTracker, type Checkout, type Failure, type Report } from 'headwater';

const show = (id: string, text: string) => {
  document.getElementById(id)!.textContent = text;
};

const [tracker, same] = await Promise.all([
  createTracker({ endpoint: `${location.origin}/`, key: 'pk_test_example' }),
  createTracker({ endpoint: location.origin, key: 'pk_test_example' }),
]);
if (tracker !== same) show('error', 'two trackers');
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
    const { code, field, message } = error as Failure;
    show('error', `${code} ${field} ${message}`);
  }
});
