//! Events that billing providers and a site's own server send: payments, refunds, subscriptions, customers
//! (billing.md).

use serde::{Deserialize, Serialize};

use super::data::check_key;
use super::loose::text;
use crate::field::{FieldError, check_length, check_optional};
use crate::v2::ProductStatus;
use crate::{Currency, Millis, limits, money};

/// A customer, by the identifiers that the sender knows. At least one is given; the first given one decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerRef {
    /// The site's own id.
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub customer_key: Option<String>,
    /// The billing provider's id.
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub provider_key: Option<String>,
    /// Used last, and only where the program allows it: addresses are not unique.
    #[serde(deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl CustomerRef {
    /// A customer by the site's own id.
    pub fn by_key(key: Option<&str>) -> Self {
        Self { customer_key: key.map(str::to_owned), ..Self::default() }
    }

    /// The first given identifier, with a letter for its kind. The journal derives the lane from this text.
    pub fn lane(&self) -> String {
        match (&self.customer_key, &self.provider_key, &self.email) {
            (Some(key), _, _) => format!("c:{key}"),
            (None, Some(key), _) => format!("p:{key}"),
            (None, None, Some(email)) => format!("e:{email}"),
            (None, None, None) => String::new(),
        }
    }

    /// The lane of a billing provider's events: by the provider's id if there is one, else as in [`CustomerRef::lane`].
    /// So all billing events of a customer share a lane, whether or not they carry the site's own id (billing.md).
    pub fn billing_lane(&self) -> String {
        self.provider_key.as_ref().map_or_else(|| self.lane(), |key| format!("p:{key}"))
    }

    /// Every given identifier, with a letter for its kind. Entries parked for this customer wait for one of these
    /// names.
    pub fn names(&self) -> Vec<String> {
        let kinds = [("c", &self.customer_key), ("p", &self.provider_key), ("e", &self.email)];
        let known = kinds.into_iter().filter_map(|(kind, name)| Some((kind, name.as_ref()?)));
        known.map(|(kind, name)| format!("{kind}:{name}")).collect()
    }

    fn check(&self) -> Result<(), FieldError> {
        if self.customer_key.is_none() && self.provider_key.is_none() && self.email.is_none() {
            return Err(FieldError::new(
                "required",
                "customer",
                "customer needs a customer_key, a provider_key or an email",
            ));
        }
        check_key("customer.customer_key", self.customer_key.as_deref())?;
        check_key("customer.provider_key", self.provider_key.as_deref())?;
        check_optional("customer.email", self.email.as_deref(), limits::EMAIL_MIN, limits::EMAIL_MAX)
    }
}

/// Money arrived (billing.md).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Who paid.
    pub customer: CustomerRef,
    /// Unique name of the payment at its provider.
    pub key: String,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
    /// The subscription it pays for; found byte for byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_key: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_key: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_key: Option<String>,
    /// Names of what was bought at the provider, looked up in the catalogue in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogue_keys: Vec<String>,
    /// When it was paid, where that is not when the event occurred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Millis>,
    /// Why the provider's message is not enough to record it: it is parked with this reason until a person acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
}

impl Payment {
    pub(super) fn checked(self) -> Result<Self, FieldError> {
        self.customer.check()?;
        check_length("key", &self.key, limits::TRANSACTION_KEY_MIN, limits::TRANSACTION_KEY_MAX)?;
        check_key("subscription_key", self.subscription_key.as_deref())?;
        check_key("product_key", self.product_key.as_deref())?;
        check_key("category_key", self.category_key.as_deref())?;
        check_catalogue(&self.catalogue_keys)?;
        money::check_amount("amount", self.amount)?;
        Ok(self)
    }
}

/// A subscription began, changed or ended (billing.md).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// Whose it is.
    pub customer: CustomerRef,
    /// The product's `external_subscription_key`.
    pub external_subscription_key: String,
    /// Its present status.
    pub status: ProductStatus,
    /// The catalogue entry, where the provider names one. With it, a product that does not exist yet is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_book_key: Option<String>,
    /// More names of the catalogue entry, such as a price's id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogue_keys: Vec<String>,
    /// Price in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Currency of `amount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

impl Subscription {
    pub(super) fn checked(self) -> Result<Self, FieldError> {
        self.customer.check()?;
        check_length(
            "external_subscription_key",
            &self.external_subscription_key,
            1,
            limits::CUSTOMER_KEY_MAX,
        )?;
        check_key("product_book_key", self.product_book_key.as_deref())?;
        check_catalogue(&self.catalogue_keys)?;
        self.amount.map_or(Ok(()), |amount| money::check_amount("amount", amount))?;
        Ok(self)
    }
}

/// A billing provider's record of a customer (billing.md).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderCustomer {
    /// Both names: the site's own id (when the provider's metadata carries it) and the provider's.
    pub customer: CustomerRef,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// With `customer_key` too, the customer is made when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_key: Option<String>,
}

impl ProviderCustomer {
    pub(super) fn checked(self) -> Result<Self, FieldError> {
        self.customer.check()?;
        check_optional("name", self.name.as_deref(), 0, limits::NAME_MAX)?;
        check_optional("partner_key", self.partner_key.as_deref(), 1, limits::PARTNER_KEY_MAX)?;
        Ok(self)
    }
}

/// Money went back (billing.md).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    /// Who had paid; may be empty when `about` is given.
    #[serde(default)]
    pub customer: CustomerRef,
    /// The payment's unique name; with `about`, the name of the provider's record that moved the money back.
    pub transaction_key: String,
    /// The provider's record whose money went back, such as `ch:ch_1`, `pi:pi_1` or `in:in_1`. The relay computes which
    /// payments that refunds, and how much of each, from all facts that it has about the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Minor units given back in total so far; absent: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// When the provider says it happened.
    pub refunded_at: Millis,
}

impl Refund {
    pub(super) fn checked(self) -> Result<Self, FieldError> {
        if self.about.is_none() || self.customer != CustomerRef::default() {
            self.customer.check()?;
        }
        check_key("about", self.about.as_deref())?;
        check_length(
            "transaction_key",
            &self.transaction_key,
            limits::TRANSACTION_KEY_MIN,
            limits::TRANSACTION_KEY_MAX,
        )?;
        self.amount.map_or(Ok(()), |amount| money::check_amount("amount", amount))?;
        Ok(self)
    }
}

fn check_catalogue(keys: &[String]) -> Result<(), FieldError> {
    if keys.len() > limits::CATALOGUE_KEYS_MAX {
        let (max, got) = (limits::CATALOGUE_KEYS_MAX, keys.len());
        let message = format!("catalogue_keys may hold {max} names, got {got}");
        return Err(FieldError::new("out_of_range", "catalogue_keys", message));
    }
    keys.iter().try_for_each(|key| check_length("catalogue_keys", key, 1, limits::CUSTOMER_KEY_MAX))
}
