//! What a page may hand over: which members, what they may hold, and the messages for mistakes. Unknown members are
//! sent along; `null` and an empty text count as absent, as they do for the relay.

use headwater_protocol::limits::{
    AMOUNT_MAX, CHECKOUT_PRODUCTS_MAX, CUSTOMER_KEY_MAX, CUSTOMER_KEY_MIN, EMAIL_MAX, EMAIL_MIN, NAME_MAX,
    PARTNER_KEY_MAX, TRANSACTION_KEY_MAX, TRANSACTION_KEY_MIN,
};

use super::failure::Failure;
use super::value::InputValue;
use crate::browser;

/// A member of an object.
pub(super) struct InputMember {
    name: &'static str,
    required: bool,
    shape: Shape,
}

/// What a member may hold.
enum Shape {
    /// A text of so many characters, or a number: pages write ids as either.
    Text(usize, usize),
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// Where the relay is.
    Address,
    /// A program's public key, never a secret one.
    PublicKey,
    /// Minor units: whole, and within the ledger's bound.
    Cents,
    /// An object.
    Object(&'static [InputMember]),
    /// So many objects at most.
    List(&'static [InputMember], usize),
}

use Shape::{Address, Cents, Flag, List, Object, PublicKey, Text, Word};

const fn needs(name: &'static str, shape: Shape) -> InputMember {
    InputMember { name, required: true, shape }
}

const fn may(name: &'static str, shape: Shape) -> InputMember {
    InputMember { name, required: false, shape }
}

/// An id that the site or a billing provider gives.
const KEY: Shape = Text(CUSTOMER_KEY_MIN, CUSTOMER_KEY_MAX);
/// Prefixes of secrets, which no message may show. They repeat `headwater_protocol::key`, whose code is too large for
/// this build.
const SECRETS: [&str; 4] = ["sk_", "trk_", "pat_", "adm_"];
/// An ISO 4217 code.
const CURRENCY: Shape = Text(3, 3);

/// The states of consent, in the order of their numbers.
pub(super) const CONSENT: [&str; 3] = ["granted", "pending", "denied"];

/// Settings.
pub(super) const OPTIONS: &[InputMember] = &[
    needs("endpoint", Address),
    needs("key", PublicKey),
    may("consent", Word(&CONSENT)),
    may("gpc", Word(&["deny", "ignore"])),
    may("model", Word(&["last", "first"])),
    may("aliases", Text(1, 255)),
    may("organic", Flag),
    may("clean", Flag),
];

/// A signup.
const CUSTOMER: &[InputMember] = &[
    may("customer_key", KEY),
    may("email", Text(EMAIL_MIN, EMAIL_MAX)),
    may("name", Text(1, NAME_MAX)),
    may("provider_key", KEY),
    may("partner_key", Text(1, PARTNER_KEY_MAX)),
];

/// A checkout.
const CHECKOUT: &[InputMember] = &[
    needs("customer_key", KEY),
    may("products", List(PRODUCT, CHECKOUT_PRODUCTS_MAX)),
    may("transaction", Object(TRANSACTION)),
];

const PRODUCT: &[InputMember] = &[
    needs("product_book_key", KEY),
    may("external_subscription_key", KEY),
    may("status", Word(&["trial", "active", "churned"])),
    may("amount", Cents),
    may("currency", CURRENCY),
];

const TRANSACTION: &[InputMember] = &[
    may("key", Text(TRANSACTION_KEY_MIN, TRANSACTION_KEY_MAX)),
    needs("amount", Cents),
    needs("currency", CURRENCY),
    may("subscription_key", KEY),
];

/// Says what is wrong with a checkout: a member, or that it names neither products nor a transaction.
pub(super) fn check_checkout(value: &InputValue) -> Result<(), Failure> {
    check(value, CHECKOUT)?;
    let none = matches!(value.member("products"), InputValue::List(entries) if entries.is_empty());
    if (none || value.member("products").is_absent()) && value.member("transaction").is_absent() {
        return Err(Failure::new("required", "products", "a checkout needs products or a transaction"));
    }
    Ok(())
}

/// Says what is wrong with a signup.
pub(super) fn check_customer(value: &InputValue) -> Result<(), Failure> {
    check(value, CUSTOMER)
}

/// Says which member is wrong, with what was expected and what is there: `products[1].amount: expected integer
/// cents, got 19.99`.
pub(super) fn check(value: &InputValue, members: &[InputMember]) -> Result<(), Failure> {
    check_members(value, members, "", "")
}

/// `above` and `dot` precede a member's name in its path: `products[1]` and `.`, or nothing.
fn check_members(value: &InputValue, members: &[InputMember], above: &str, dot: &str) -> Result<(), Failure> {
    if !matches!(value, InputValue::Object(_)) {
        return Err(expected(above, "an object", value));
    }
    for InputMember { name, required, shape } in members {
        let value = value.member(name);
        let field = [above, dot, name].concat();
        if value.is_absent() {
            if *required {
                return Err(Failure::required(&field));
            }
        } else {
            check_shape(value, shape, &field)?;
        }
    }
    Ok(())
}

fn check_shape(value: &InputValue, shape: &Shape, field: &str) -> Result<(), Failure> {
    let fits = match (shape, value) {
        (Object(members), value) => return check_members(value, members, field, "."),
        (List(members, max), InputValue::List(entries)) if entries.len() <= *max => {
            for (at, entry) in entries.iter().enumerate() {
                check_members(entry, members, &[field, "[", &number(at), "]"].concat(), ".")?;
            }
            true
        }
        (Text(min, max), InputValue::Text(text)) => (*min..=*max).contains(&text.chars().count()),
        (Word(words), InputValue::Text(text)) => words.contains(&&**text),
        (Address, InputValue::Text(text)) => is_address(text),
        (PublicKey, InputValue::Text(text)) => !is_secret(text),
        (Cents, InputValue::Number(number)) => is_cents(*number),
        (Text(..), InputValue::Number(_)) | (Flag, InputValue::Flag(_)) => true,
        _ => false,
    };
    if fits { Ok(()) } else { Err(expected(field, &shape.words(), value)) }
}

impl Shape {
    /// What it is called in an error.
    fn words(&self) -> String {
        match self {
            Text(min, max) if min == max => [&number(*max), " characters"].concat(),
            Text(min, max) => [&number(*min), " to ", &number(*max), " characters"].concat(),
            Word(words) => words.join(" or "),
            Flag => "true or false".to_owned(),
            Address => "an http or https URL".to_owned(),
            PublicKey => "a public key, pk_…".to_owned(),
            Cents => "integer cents".to_owned(),
            Object(_) => "an object".to_owned(),
            List(_, max) => ["a list of at most ", &number(*max)].concat(),
        }
    }
}

fn is_secret(text: &str) -> bool {
    SECRETS.iter().any(|start| text.starts_with(start))
}

fn is_address(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && !host.starts_with('/')
            && !host.contains(|odd: char| odd <= ' ' || odd == '?' || odd == '#')
    })
}

#[expect(clippy::cast_precision_loss, reason = "the ledger's bound is far below 2⁵³")]
fn is_cents(number: f64) -> bool {
    number.trunc().total_cmp(&number).is_eq() && number.abs() <= AMOUNT_MAX as f64
}

fn expected(field: &str, words: &str, value: &InputValue) -> Failure {
    let got = match value {
        InputValue::Text(text) if is_secret(text) => "a secret key".to_owned(),
        InputValue::Text(text) => quoted(text),
        InputValue::Number(number) => browser::number_text(*number),
        InputValue::Flag(true) => "true".to_owned(),
        InputValue::Flag(false) => "false".to_owned(),
        InputValue::List(entries) => [&number(entries.len()), " entries"].concat(),
        InputValue::Object(_) | InputValue::Deep => "an object".to_owned(),
        InputValue::Nothing => "nothing".to_owned(),
    };
    Failure::expected(field, words, &got)
}

/// The failure for a word that is not one of those expected.
pub(super) fn unknown_word(field: &str, words: &[&str], got: &str) -> Failure {
    Failure::expected(field, &words.join(" or "), &quoted(got))
}

/// The beginning of a text: enough to find it by.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    quoted.extend(text.chars().take(40));
    quoted.push('"');
    quoted
}

/// A whole number as text.
#[expect(clippy::cast_precision_loss, reason = "lengths are far below 2⁵³")]
pub(super) fn number(number: usize) -> String {
    browser::number_text(number as f64)
}
