// The checkout: choose products, tell Headwater which subscription each belongs to, pay.
const by = (id) => document.getElementById(id);
const customer = new URLSearchParams(location.search).get('customer') || remembered();
const chosen = () => [...document.querySelectorAll('[name=products]:checked')];
const dollars = (cents) => (cents / 100).toLocaleString('en-US', { style: 'currency', currency: 'USD', minimumFractionDigits: cents % 100 ? 2 : 0 });
const sum = () => chosen().reduce((total, box) => total + Number(box.dataset.amount), 0);

function remembered() {
  try { return sessionStorage.getItem('customer'); } catch (e) { return null; }
}

function draw() {
  const boxes = chosen();
  by('order').replaceChildren(...boxes.map((box) => {
    const line = document.createElement('li');
    const price = document.createElement('span');
    price.textContent = dollars(Number(box.dataset.amount));
    line.append(box.dataset.name, price);
    return line;
  }));
  if (!boxes.length) {
    by('order').innerHTML = '<li class="muted">Nothing chosen yet</li>';
  }
  by('total').textContent = dollars(sum());
  by('pay').textContent = boxes.length ? `Pay ${dollars(sum())}` : 'Pay';
  by('pay').disabled = !boxes.length || !customer;
}

async function ask(path, body) {
  const answer = await fetch(`api/${path}`, { method: 'POST', body: JSON.stringify(body) });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.message);
  return data;
}

function problem(text) {
  by('problem').innerHTML = '';
  by('problem').append(text);
  by('problem').hidden = false;
}

by('checkout').addEventListener('change', draw);
by('checkout').addEventListener('submit', async (event) => {
  event.preventDefault();
  const products = chosen().map((box) => box.value);
  const total = dollars(sum());
  by('pay').disabled = true;
  by('problem').hidden = true;
  try {
    const order = await ask('checkout', { customer_key: customer, products });
    if (window.growsumo && growsumo.trackCheckout) {
      growsumo.trackCheckout({ customer_key: customer, products: order.products });
    }
    const payment = await ask('pay', { customer_key: customer, products });
    by('paid-total').textContent = total;
    by('invoice').textContent = payment.invoice;
    by('journey-link').href = `journey.html?customer=${encodeURIComponent(customer)}`;
    by('checkout').hidden = true;
    by('paid').hidden = false;
    by('paid').focus();
  } catch (error) {
    problem(`That did not work: ${error.message}`);
    by('pay').disabled = false;
  }
});

draw();
if (!customer) {
  const link = document.createElement('a');
  link.href = 'signup.html';
  link.textContent = 'create your account';
  problem('Before you pay, ');
  by('problem').append(link, '.');
}
