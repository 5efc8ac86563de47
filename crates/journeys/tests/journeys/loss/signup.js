// A visitor signs up and leaves, as the plan says, without waiting for the answer.
const sign_up = () => {
  Object.assign(growsumo.data, { customer_key: plan.customer, email: `${plan.customer}@buyer.example` });
  growsumo.createSignup();
  navigator.sendBeacon('/-/stored', stored().join());
  if (opener) opener.postMessage('signed up', '*');
};
const go = {
  closes: () => window.close(),
  closed: () => {},
  next: () => { location = '/next'; },
  plain: () => { location = '/plain'; },
  elsewhere: () => { location = `//elsewhere.localhost:${location.port}/plain?${plan.stay}`; },
  form: () => document.forms[0].submit(),
  hides: () => opener.postMessage('ready', '*'),
  leaves: () => { location = '/plain'; },
}[plan.ending];
if (plan.ending === 'hides' || plan.ending === 'leaves') addEventListener('pagehide', sign_up);
else sign_up();
if (plan.after) setTimeout(go, plan.after);
else go();
