// Signups of pages without developers: a marked form, a form service, a listed frame.
// A file of its own, loaded where an attribute of the tag or a marked form asks for it.
const api = window.__headwater;
const { attempt, option, sent } = api.inside;

const MEMBERS = ['name', 'email', 'customer_key', 'first_name', 'last_name', 'company', 'phone', 'provider_key'];

/** `email=user[email],name=full_name`: which field holds which member, where the names differ. */
const field_of = (member) => {
  const pair = option('fields').split(',').find((pair) => pair.trim().startsWith(member + '='));
  return pair ? pair.trim().slice(member.length + 1) : member;
};

/** Reads the fields of `MEMBERS` and nothing else, because a form may hold passwords too. */
const sign_up = (value_of) => {
  for (const member of MEMBERS) {
    const value = value_of(field_of(member));
    if (value && typeof value == 'string') api.data[member] = value;
  }
  api.createSignup();
};

/** Handles HubSpot's message to the page, whose data is a list of `{ name, value }`. */
const hubspot = (message) => {
  if (message.type != 'hsFormCallback' || message.eventName != 'onFormSubmit') return;
  const fields = {};
  for (const { name, value } of message.data) fields[name] = value;
  sign_up((name) => fields[name] || fields[name.replace('_', '')]);
};

/** Handles the submit of a form. */
const submitted = ({ target: form }) => attempt(() => {
  if (!form.matches('[data-headwater-signup],' + (option('form') || '_'))) return;
  const fields = new FormData(form);
  const email = form.querySelector('[type=email]');
  sign_up((name) => fields.get(name) || name == 'email' && email && email.value);
});
const services = option('forms');
const frames = option('frames');
/** Handles a message of a listed frame or of a form service. */
const told = ({ origin, data }) => attempt(() => {
  const listed = origin != 'null' && frames.split(',').some((name) => name.trim() == origin);
  if (listed && data.headwater_signup) sign_up((name) => data.headwater_signup[name]);
  if ((listed || origin == location.origin) && /hubspot/.test(services)) hubspot(data);
});

/** The script adds each submit and message to `sent`: those from before this file was loaded are handled first. */
const happened = (event) => {
  if (event.type == 'submit') submitted(event);
  if (event.type == 'message') told(event);
};
sent.forEach(happened);
sent.push = happened;

if (/marketo/.test(services)) {
  const values = (form) => form.onSuccess((fields) => {
    attempt(() => sign_up((name) => fields[name] || fields[name.replace(/(^|_)(.)/g, (_, __, first) => first.toUpperCase())]));
  });
  const ready = () => attempt(() => MktoForms2.whenReady(values));
  window.MktoForms2 ? ready() : addEventListener('load', ready);
}
