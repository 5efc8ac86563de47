/** What each billing provider needs to name the customer, the partner and the subscription in its webhooks. */
export interface CheckoutContext {
  /** For `stripe.checkout.sessions.create`: a session's own metadata does not reach renewals, the subscription's does. */
  stripe: {
    client_reference_id: string;
    metadata: Record<string, string>;
    subscription_data: { metadata: Record<string, string> };
  };
  /** Parameters of Chargebee's hosted pages. */
  chargebee: { 'customer[meta_data]': string };
  recurly: { account_code: string };
  chargify: { customer_attributes: { reference: string } };
  /** For `Paddle.Checkout.open`. */
  paddle: { customData: Record<string, string> };
}

/** Values are carried untouched; `subscription_key` equals the product's `external_subscription_key` byte for byte. */
export function checkout_context(
  customer_key: string,
  partner_key?: string,
  subscription_key?: string,
): CheckoutContext;

/**
 * Names the customer to Stripe's payment links, pricing tables and buy buttons below `root`. Stripe takes letters,
 * digits, `-` and `_`, 200 at most; another key is left out.
 */
export function decorate_checkout(root: ParentNode, customer_key: string): void;
