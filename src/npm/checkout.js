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
