// The landing page greets a referred visitor, and records for the journey page when the cookie was set.
window.growsumoInit = function () {
  if (!window.growsumo || !growsumo.data.partner_key) return;
  document.getElementById('welcome').hidden = false;
  try {
    sessionStorage.setItem('cookie_at', String(Date.now()));
    sessionStorage.setItem('cookie_took', String(Math.round(performance.now())));
  } catch (e) { /* a visitor without storage sees the journey without this number */ }
};
growsumoInit(); // in case the tracker started before this file was loaded
