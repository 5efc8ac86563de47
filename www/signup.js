// The signup form, wired as PartnerStack's guides wire it: fill growsumo.data, then createSignup().
const by = (id) => document.getElementById(id);

window.growsumoInit = function () {
  if (!window.growsumo || !growsumo.data.partner_key) return;
  by('credit').textContent = 'A partner recommended us to you; they will be credited.';
  by('credit').hidden = false;
};
growsumoInit(); // in case the tracker started before this file was loaded

by('signup').addEventListener('submit', async (event) => {
  event.preventDefault();
  by('signup-submit').disabled = true;
  by('problem').hidden = true;
  const name = by('name').value.trim();
  const email = by('email').value.trim();
  try {
    const answer = await fetch('api/signup', { method: 'POST', body: JSON.stringify({ name, email }) });
    const account = await answer.json();
    if (!answer.ok) throw new Error(account.message);
    refer(name, email, account.customer_key);
    welcome(name, account.customer_key);
  } catch (error) {
    by('problem').textContent = `That did not work: ${error.message}`;
    by('problem').hidden = false;
    by('signup-submit').disabled = false;
  }
});

function refer(name, email, key) {
  const growsumo = window.growsumo;
  if (!growsumo || !growsumo.data) return; // a blocked tracker must not stop the signup
  growsumo.data.name = name;
  growsumo.data.email = email;
  growsumo.data.customer_key = key;
  growsumo.createSignup();
}

function welcome(name, key) {
  try { sessionStorage.setItem('customer', key); } catch (e) { /* the address carries it too */ }
  by('who').textContent = name.split(' ')[0];
  by('customer-key').textContent = key;
  by('checkout-link').href = `checkout.html?customer=${encodeURIComponent(key)}`;
  by('signup').hidden = true;
  by('signed-up').hidden = false;
  by('signed-up').focus();
  const [done, next] = document.querySelectorAll('.progress li');
  done.removeAttribute('aria-current');
  next.setAttribute('aria-current', 'step');
}
