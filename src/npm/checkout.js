// What each billing provider needs to name the customer, the partner and the subscription in its webhooks
// (browser.md section 7). Values are carried untouched: the ledger compares them byte for byte.

export const checkout_context = (customer_key, partner_key, subscription_key) => {
  const metadata = {};
  Object.entries({ customer_key, partner_key, subscription_key }).forEach(([name, value]) => {
    if (value) metadata[name] = value;
  });
  return {
    // A session's own metadata does not reach renewals; the subscription's does.
    stripe: { client_reference_id: customer_key, metadata, subscription_data: { metadata } },
    chargebee: { 'customer[meta_data]': JSON.stringify(metadata) },
    recurly: { account_code: customer_key },
    chargify: { customer_attributes: { reference: customer_key } },
    paddle: { customData: metadata },
  };
};

/** Names the customer to Stripe's payment links, pricing tables and buy buttons, as far as Stripe takes the key. */
export const decorate_checkout = (root, customer_key) => {
  if (!/^[\w-]{1,200}$/.test(customer_key)) return;
  root.querySelectorAll('stripe-pricing-table,stripe-buy-button').forEach((element) => {
    element.setAttribute('client-reference-id', customer_key);
  });
  root.querySelectorAll('a[href^="https://buy.stripe.com/"]').forEach((link) => {
    const url = new URL(link.href);
    url.searchParams.set('client_reference_id', customer_key);
    link.href = url;
  });
};
