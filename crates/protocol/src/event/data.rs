//! What each kind of event carries.
//!
//! Pages write loosely, so a numeric `customer_key`, `""` for an absent value and old spellings are accepted. A wrong
//! amount or currency in a *signup* is dropped, because the referral is worth more than the claimed amount.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::loose::{currency, object, required_text, text, texts, whole};
use crate::field::{FieldError, check_length, check_optional};
use crate::v2::ProductStatus;
use crate::{Currency, limits, money};

/// A visitor became a customer: the members of `growsumo.data` (browser.md section 2).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Signup {
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    customer_key: Option<String>,
    #[serde(rename = "customerKey", deserialize_with = "text", skip_serializing)]
    customer_key_alias: Option<String>,
    #[serde(rename = "key", deserialize_with = "text", skip_serializing)]
    customer_key_v1: Option<String>,
    /// Address; not unique.
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Full name.
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// First name, where the form asks for it apart.
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The billing provider's id.
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub provider_key: Option<String>,
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    partner_key: Option<String>,
    #[serde(rename = "partnerKey", deserialize_with = "text", skip_serializing)]
    partner_key_alias: Option<String>,
    /// The click that brought the visitor.
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub xid: Option<String>,
    /// `page` when the page itself wrote whom to credit, which then counts before any click (trust.md section 2).
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub credited_by: Option<String>,
    /// Anything the site wants kept. What is not an object is dropped, never an error.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
    /// Sub-ids of the link, in their order.
    #[serde(deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub sub_ids: Vec<String>,
    /// What the page says was paid, in minor units: a claim. What is not a whole number is dropped.
    #[serde(deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Currency of `amount`. An unknown code is dropped.
    #[serde(deserialize_with = "currency", skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The site's signature of `customer_key`, hex (trust.md section 1.6).
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Signup {
    /// A signup of `customer_key` through `partner_key` or `xid`.
    pub fn new(customer_key: &str, email: &str, partner_key: Option<&str>, xid: Option<&str>) -> Self {
        let own = |text: &str| Some(text.to_owned());
        Self {
            customer_key: own(customer_key),
            email: own(email),
            partner_key: partner_key.map(str::to_owned),
            xid: xid.map(str::to_owned),
            ..Self::default()
        }
    }

    /// The site's own id: `customer_key`, an older spelling, or the email.
    pub fn customer_key(&self) -> Option<&str> {
        [&self.customer_key, &self.customer_key_alias, &self.customer_key_v1, &self.email]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .next()
    }

    /// The partner's key, in either spelling.
    pub fn partner_key(&self) -> Option<&str> {
        self.partner_key.as_deref().or(self.partner_key_alias.as_deref())
    }

    /// `name`, or first and last name joined; what is over [`limits::NAME_MAX`] is cut, because a long name is no
    /// reason to lose a referral (trust.md section 3).
    pub fn full_name(&self) -> Option<String> {
        self.whole_name().map(|name| name.chars().take(limits::NAME_MAX).collect())
    }

    /// The field whose text [`Signup::full_name`] cuts, and how long it is.
    pub fn cut_name(&self) -> Option<(&'static str, usize)> {
        let length = self.whole_name()?.chars().count();
        let field = if self.name.is_some() { "name" } else { "first_name" };
        (length > limits::NAME_MAX).then_some((field, length))
    }

    fn whole_name(&self) -> Option<String> {
        self.name.clone().or_else(|| {
            let parts: Vec<&str> =
                [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        })
    }

    pub(super) fn checked(self) -> Result<Self, FieldError> {
        let signup = self.in_one_spelling();
        signup.check()?;
        Ok(signup)
    }

    /// Moves values in older spellings to the present members: old spellings are read but never written, so an event
    /// that is written anew would lose them.
    fn in_one_spelling(mut self) -> Self {
        let (alias, v1) = (self.customer_key_alias.take(), self.customer_key_v1.take());
        self.customer_key = self.customer_key.or(alias).or(v1);
        let alias = self.partner_key_alias.take();
        self.partner_key = self.partner_key.or(alias);
        self.credited_by = self.credited_by.filter(|by| by == "page");
        // The ledger refuses larger amounts, and a wrong amount is no reason to lose the signup.
        self.amount = self.amount.filter(|amount| money::check_amount("amount", *amount).is_ok());
        self
    }

    fn check(&self) -> Result<(), FieldError> {
        let key = self.customer_key().ok_or_else(|| {
            FieldError::new(
                "required",
                "customer_key",
                "'customer_key' is a required property (or an email to stand in for it)",
            )
        })?;
        check_length("customer_key", key, limits::CUSTOMER_KEY_MIN, limits::CUSTOMER_KEY_MAX)?;
        check_optional("email", self.email.as_deref(), limits::EMAIL_MIN, limits::EMAIL_MAX)?;
        check_key("provider_key", self.provider_key.as_deref())?;
        check_optional("partner_key", self.partner_key(), 1, limits::PARTNER_KEY_MAX)?;
        check_optional("xid", self.xid.as_deref(), 1, limits::PARTNER_KEY_MAX)?;
        if self.sub_ids.len() > limits::SUB_IDS_MAX {
            let (max, got) = (limits::SUB_IDS_MAX, self.sub_ids.len());
            return Err(FieldError::new(
                "out_of_range",
                "sub_ids",
                format!("sub_ids may hold {max} values, got {got}"),
            ));
        }
        let mut each = self.sub_ids.iter().enumerate();
        each.try_for_each(|(at, text)| check_length(&format!("sub_ids[{at}]"), text, 0, limits::SUB_ID_MAX))
    }
}

/// A customer chose products (browser.md section 7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkout {
    /// The site's own id.
    #[serde(deserialize_with = "required_text")]
    pub customer_key: String,
    /// What was chosen; may be empty when only a transaction is claimed.
    #[serde(default)]
    pub products: Vec<CheckoutProduct>,
    /// What the page believes was paid: a claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<ClaimedTransaction>,
}

/// One product of a checkout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckoutProduct {
    /// The catalogue entry: a `pbook_` key or the entry's `external_key`.
    pub product_book_key: String,
    /// The billing subscription; later payments must carry the same bytes.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub external_subscription_key: Option<String>,
    /// Defaults to active.
    #[serde(default)]
    pub status: ProductStatus,
    /// Price in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Currency of `amount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// A payment a page claims to have seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimedTransaction {
    /// Unique name of the payment, so that a reload of the thank-you page claims nothing twice.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The subscription it pays for.
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub subscription_key: Option<String>,
}

impl Checkout {
    pub(super) fn checked(self) -> Result<Self, FieldError> {
        check_length("customer_key", &self.customer_key, limits::CUSTOMER_KEY_MIN, limits::CUSTOMER_KEY_MAX)?;
        if self.products.len() > limits::CHECKOUT_PRODUCTS_MAX {
            let (max, got) = (limits::CHECKOUT_PRODUCTS_MAX, self.products.len());
            return Err(FieldError::new(
                "out_of_range",
                "products",
                format!("products may hold {max} entries, got {got}"),
            ));
        }
        if self.products.is_empty() && self.transaction.is_none() {
            return Err(FieldError::new(
                "required",
                "products",
                "a checkout needs products or a transaction",
            ));
        }
        for (at, product) in self.products.iter().enumerate() {
            product.check().map_err(|error| error.below(&format!("products[{at}]")))?;
        }
        if let Some(claimed) = &self.transaction {
            claimed.check().map_err(|error| error.below("transaction"))?;
        }
        Ok(self)
    }
}

impl CheckoutProduct {
    fn check(&self) -> Result<(), FieldError> {
        check_length("product_book_key", &self.product_book_key, 1, limits::CUSTOMER_KEY_MAX)?;
        check_key("external_subscription_key", self.external_subscription_key.as_deref())?;
        self.amount.map_or(Ok(()), |amount| money::check_amount("amount", amount))
    }
}

impl ClaimedTransaction {
    fn check(&self) -> Result<(), FieldError> {
        check_optional("key", self.key.as_deref(), limits::TRANSACTION_KEY_MIN, limits::TRANSACTION_KEY_MAX)?;
        check_key("subscription_key", self.subscription_key.as_deref())?;
        money::check_amount("amount", self.amount)
    }
}

pub(super) fn check_key(field: &str, key: Option<&str>) -> Result<(), FieldError> {
    check_optional(field, key, 1, limits::CUSTOMER_KEY_MAX)
}
