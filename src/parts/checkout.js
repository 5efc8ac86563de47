// Adds the customer's key to Stripe's elements on the page. A file of its own, loaded by the first `decorateCheckout`.
import { decorate_checkout } from '../npm/checkout.js';

const api = window.__headwater;
const { attempt, customer_key } = api.inside;

api.decorateCheckout = (root) => attempt(() => decorate_checkout(root || document, customer_key()));
