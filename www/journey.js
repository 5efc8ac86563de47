// The journey page: asks the site's backend what the ledger knows, about twice a second, and draws it.
const by = (id) => document.getElementById(id);
const customer = new URLSearchParams(location.search).get('customer') || stored('customer');
function money(amount, currency = 'USD') {
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}
const duration = (ms) => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);
const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const PLACES = ['click', 'cookie', 'signup', 'product', 'transaction', 'reward'];
const WAITING = {
  click: ['Partner link', 'Waiting for a click'], cookie: ['Cookie', 'Waiting for the visit'],
  signup: ['Signup', 'Waiting for the form'], product: ['Products', 'Waiting for a checkout'],
  transaction: ['Payments', 'Waiting for the billing webhook'], reward: ['Commissions', 'Waiting for a payment'],
};
let drawn = '';

function stored(name) {
  try { return sessionStorage.getItem(name); } catch (e) { return null; }
}

// The cookie step, which only this browser knows: the referral cookies that the script set on the landing page.
function cookie() {
  const pairs = document.cookie.split('; ').map((pair) => pair.split('='));
  const found = pairs.filter(([name]) => ['growSumoPartnerKey', 'ps_partner_key', 'gsxid', 'ps_xid'].includes(name));
  if (!found.length) return null;
  const took = stored('cookie_took');
  return {
    step: 'cookie', key: 'cookie', title: 'Referral remembered', detail: found.map(([name]) => name).join(', '),
    at: Number(stored('cookie_at')) || null, took: took === null ? null : Number(took), since: 'the landing page opened',
  };
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function item(step) {
  const line = element('li', `step ${step.step}`);
  line.dataset.step = step.step;
  if (step.step === 'reward') line.dataset.amount = step.amount;
  const head = element('div', 'step-head');
  head.append(element('b', '', step.title));
  if (step.currency) head.append(element('span', 'money', money(step.amount, step.currency)));
  line.append(head, element('p', 'detail', step.detail));
  if (step.at) {
    const time = element('p', 'when', clock(step.at));
    if (step.took !== null) time.append(element('span', 'took', `${duration(step.took)} after ${step.since}`));
    line.append(time);
  }
  return line;
}

function waiting(name) {
  const line = element('li', 'step waiting');
  const head = element('div', 'step-head');
  head.append(element('b', '', WAITING[name][0]));
  line.append(head, element('p', 'detail', WAITING[name][1]));
  return line;
}

function row(name, note, value, status) {
  const line = element('li');
  const text = element('span');
  text.append(element('b', '', name), element('small', '', note));
  const end = element('span', 'end');
  end.append(element('b', '', value), element('span', `status ${status}`, status));
  line.append(text, end);
  return line;
}

function draw(journey, partner) {
  const steps = [...journey.steps];
  const here = cookie();
  if (here) steps.push(here);
  by('journey').replaceChildren(...PLACES.flatMap((name) => {
    const found = steps.filter((step) => step.step === name);
    return found.length ? found.map(item) : [waiting(name)];
  }));
  const sum = (name) => steps.filter((step) => step.step === name).reduce((total, step) => total + step.amount, 0);
  const times = journey.steps.map((step) => step.took).filter((took) => took !== null);
  by('paid-sum').textContent = money(sum('transaction'));
  by('earned-sum').textContent = money(sum('reward'));
  by('slowest').textContent = times.length ? duration(Math.max(...times)) : '–';
  by('tools').hidden = !steps.some((step) => step.step === 'transaction');
  if (partner.products.length) {
    by('partner-products').replaceChildren(...partner.products.map((product) =>
      row(product.name, `Since ${new Date(product.created_at).toLocaleDateString()}`, money(product.amount, product.currency), product.status)));
  }
  if (partner.rewards.length) {
    by('partner-rewards').replaceChildren(...partner.rewards.map((reward) =>
      row(reward.description, '', money(reward.amount, reward.currency), reward.status)));
  }
}

async function read(path) {
  const answer = await fetch(`api/${path}?customer_key=${encodeURIComponent(customer)}`);
  return answer.json();
}

async function follow() {
  try {
    const [journey, partner] = await Promise.all([read('journey'), read('partner-view')]);
    by('live').textContent = journey.reachable ? 'Live' : 'Headwater does not answer; nothing is lost';
    by('live').classList.toggle('on', journey.reachable);
    const state = JSON.stringify([journey.steps, partner, document.cookie]);
    if (journey.reachable && state !== drawn) {
      draw(journey, partner);
      drawn = state;
    }
  } catch (e) {
    by('live').textContent = 'The site does not answer; trying again';
    by('live').classList.remove('on');
  }
  setTimeout(follow, document.hidden ? 3000 : 500);
}

by('tools').addEventListener('click', async (event) => {
  const call = event.target.dataset.call;
  if (!call) return;
  const answer = await fetch(`api/${call}`, { method: 'POST', body: JSON.stringify({ customer_key: customer }) });
  by('told').textContent = answer.ok ? 'The provider’s webhook is on its way.' : (await answer.json()).message;
});

if (customer) {
  by('about').textContent = `What Headwater recorded about customer ${customer}, as it happens.`;
  draw({ steps: [] }, { products: [], rewards: [] });
  follow();
} else {
  draw({ steps: [] }, { products: [], rewards: [] });
  by('live').textContent = 'No customer yet';
  by('empty').textContent = 'Arrive through the partner link, sign up and buy something: each step appears here.';
  by('empty').hidden = false;
}
